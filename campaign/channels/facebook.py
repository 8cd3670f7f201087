"""The channel Facebook (pages), through facebook-sdk.

Photos go up unpublished first, so that the call on the feed is the only one that anybody sees. Sources: Graph API
reference (Page feed, Page photos, Page published posts, Post, Post insights, Batch requests).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import quote

from pydantic import BaseModel

from campaign.channels._facebook_consent import Consents
from campaign.channels._facebook_looking import (
    FIELDS,
    METRICS,
    Shown,
    address,
    figures,
    id_in,
    insights,
    instant_of,
    is_post,
    names_another,
    own_part,
    page_part,
    same_post,
    shown,
    signs_of,
    times,
)
from campaign.channels._facebook_pace import pace
from campaign.channels._facebook_wire import Settings, Wire, gone, good, new_id, other_version, out_of_reach, refusal
from campaign.channels._tokens import ends_at
from campaign.channels._watching import GRAPH, platform_time, sunset
from campaign.channels._wire import all_read, looking, paced, picture, said, taken_down, unseen
from campaign.channels._words import MARGIN, carded, far_enough, possible_from, recognised
from campaign.clock import Clock, SystemClock
from campaign.errors import (
    AccountBlocked,
    CannotLook,
    CredentialDead,
    Forbidden,
    Outcome,
    Pace,
    Stranger,
    Unknown,
    Wait,
    WrongUse,
)
from campaign.http import Answer
from campaign.ports import Draft, Evidence, Figures, Gate, Identity, Limits, Media, Message, Receipt, Sighting, Standing
from campaign.ports.values import PNG_OR_JPEG
from campaign.ports.watching import Sunset
from campaign.weights import FACEBOOK_MAX, facebook_length

_PAGES = 5
_AT_ONCE = 50
_BAD_PARAMETER = 100


class Facebook(Consents):
    """Facebook pages. The id of a post is ``<page>_<post>``."""

    name: ClassVar[str] = "facebook"
    title: ClassVar[str] = "Facebook"
    settings_type: ClassVar[type[Settings]] = Settings
    limits: ClassVar[Limits] = Limits(
        text_max=FACEBOOK_MAX,
        count=facebook_length,
        media_max=10,
        alt_max=1000,
        pace=timedelta(seconds=1),
        card=True,
        media_bytes=4_000_000,
        media_types=PNG_OR_JPEG,
        measure_batch=_AT_ONCE,
    )

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()

    @classmethod
    def from_settings(cls, settings: BaseModel, clock: Clock | None = None) -> Self:
        """Build the channel from what ``settings_type`` made of its section in config.toml."""
        return cls(Settings.model_validate(settings), clock)

    def compose(self, draft: Draft, token: str) -> Message:
        """Return the words with the link as a card that carries the token."""
        return carded(self.name, draft, token)

    def compose_url(self, who: Identity, message: Message) -> str:  # noqa: ARG002 - the same for every account
        """Return the page on which a person shares a link; Facebook takes no words there."""
        link = message.link or (address(message.share_of) if message.share_of else "")
        return f"https://www.facebook.com/sharer/sharer.php?u={quote(link, safe='')}"

    def id_in(self, who: Identity, url: str, *, share: bool = False) -> str | None:  # noqa: ARG002 - shares are posts
        """Return the id in the address of a post; None where Facebook hides it (``pfbid...``). Raises WrongUse,
        for the address of another page's post too.
        """
        if not is_post(url):
            mend = "Write it as https://www.facebook.com/PAGE/posts/NUMBER."
            raise WrongUse(problem=f"{url} is no post on Facebook", mend=mend)
        if names_another(who.external_id, url):
            mend = f"If it is on this page all the same, write it as https://www.facebook.com/{who.external_id}/posts/NUMBER."
            raise WrongUse(problem=f"{url} names another page than {who.external_id}", mend=mend)
        return id_in(who.external_id, url)

    # --- publish -----------------------------------------------------------------------------------------------------

    def publish(self, who: Identity, message: Message, gate: Gate) -> Receipt:
        """Upload the photos unpublished with their alt texts, then post on the page's feed and read it in one call."""
        with Wire(self._settings, who, gate.check) as wire:
            form = {"fields": "id,permalink_url,created_time"}
            if message.text:
                form["message"] = message.text
            photos = [self._upload(wire, who, media) for media in message.media]
            if photos:
                gate.keep(photos)
                wire.session.reconnect()
                form["attached_media"] = json.dumps([{"media_fbid": photo} for photo in photos])
            link = address(message.share_of) if message.share_of is not None else message.link
            if link and not photos:
                form["link"] = link
            answer = wire.post(f"{who.external_id}/feed", None, **form)
        told = pace(answer.headers, who.external_id, self._clock.now(), self._settings.slowing)
        with paced(told):
            return self._receipt(self._good(answer), told)

    def _receipt(self, answer: Answer, told: Pace | None) -> Receipt:
        post_id, facts = new_id(answer), answer.facts
        url = facts.get("permalink_url")
        try:
            at: datetime | None = instant_of(facts.get("created_time"))
        except ValueError:
            at = None
        return Receipt(post_id, url if isinstance(url, str) and url else address(post_id), at, told)

    def _upload(self, wire: Wire, who: Identity, media: Media) -> str:
        form = {"published": "false"}
        if media.alt:
            form["alt_text_custom"] = media.alt
        name = f"{media.digest[:16]}.{media.mime.rpartition('/')[2]}"
        source = (name, picture(media, self.limits.media_bytes), media.mime)
        with unseen():
            return new_id(self._good(wire.post(f"{who.external_id}/photos", {"source": source}, **form)))

    # --- look up -----------------------------------------------------------------------------------------------------

    def find(self, who: Identity, evidence: Evidence) -> Sighting:
        """List the page's posts back to one that was there before, and match: photos, token, words."""
        since = evidence.started_at - MARGIN
        with looking(), Wire(self._settings, who) as wire:
            everything, whole = self._listing(wire, who, lambda posts: far_enough(evidence, times(posts), own_part))
            if evidence.control_id is None:
                held = self._is_self(wire, who)
            else:
                held = any(same_post(post.post_id, evidence.control_id) for post in everything)
        known = set(map(own_part, evidence.known_ids))
        first = possible_from(evidence, times(everything), own_part)
        found = recognised(
            (post for post in everything if post.at >= first and own_part(post.post_id) not in known),
            signs_of(evidence),
            since=lambda post: post.at >= since,
            receipt=lambda post: post.receipt,
        )
        blank = evidence.control_id is None and not everything
        return Sighting(found.matches, held and whole, blank, older=found.older)

    def _listing(self, wire: Wire, who: Identity, enough: Callable[[list[Shown]], bool]) -> tuple[list[Shown], bool]:
        """Return the page's posts, newest first, and whether they are ``enough`` or all that there are."""
        args = {"fields": FIELDS, "limit": "100"}
        posts: list[Shown] = []
        for _ in range(_PAGES):
            facts = self._good(wire.get(f"{who.external_id}/published_posts", **args)).facts
            posts += _all_shown(facts)
            paging = facts.get("paging") or {}
            if not paging.get("next") or enough(posts):
                return posts, True
            args["after"] = str(paging["cursors"]["after"])
        return posts, False

    def _is_self(self, wire: Wire, who: Identity) -> bool:
        return self._good(wire.get("me", fields="id,name")).facts.get("id") == who.external_id

    # --- measure, retract, verify ------------------------------------------------------------------------------------

    def measure(self, who: Identity, external_ids: Sequence[str]) -> Mapping[str, Figures | Outcome]:
        """Read the insights of up to 50 posts a call. Posts without any, as those of small pages, are left out."""
        found: dict[str, Figures | Outcome] = {}
        with Wire(self._settings, who) as wire:
            for start in range(0, len(external_ids), _AT_ONCE):
                found |= self._measured(wire, external_ids[start : start + _AT_ONCE])
        return found

    def _measured(self, wire: Wire, post_ids: Sequence[str]) -> dict[str, Figures | Outcome]:
        parts = self._insights(wire, post_ids, METRICS)
        refused = [post_id for post_id, part in parts.items() if isinstance(part, Answer) and _metric_refused(part)]
        if refused:
            # One metric that Meta has dropped fails the whole request: ask one post for each, the others for the rest.
            alive = self._alive(wire, refused[0])
            parts |= self._insights(wire, refused, alive) if alive else {}
        told = {post_id: _told(part) for post_id, part in parts.items()}
        return {post_id: found for post_id, found in told.items() if found is not None}

    def _insights(self, wire: Wire, post_ids: Sequence[str], metrics: Sequence[str]) -> dict[str, Answer | Outcome]:
        paths = [f"{post_id}/insights?metric={','.join(metrics)}" for post_id in post_ids]
        return dict(zip(post_ids, self._batch(wire, paths), strict=True))

    def _alive(self, wire: Wire, post_id: str) -> list[str]:
        """Return the metrics that Meta still gives. Raises Unknown when one was not answered: it may be alive."""
        parts = self._batch(wire, [f"{post_id}/insights?metric={metric}" for metric in METRICS])
        for part in parts:
            if isinstance(part, Outcome):
                raise part
        return [name for name, part in zip(METRICS, parts, strict=True) if isinstance(part, Answer) and part.fine]

    def _batch(self, wire: Wire, paths: list[str]) -> list[Answer | Outcome]:
        """Return each part's answer, Unknown for one that timed out or broke, Forbidden for one for which a
        permission lacks. What concerns the account is raised.
        """
        parts = self._good(wire.batch(paths)).body
        if not isinstance(parts, list) or len(parts) != len(paths):
            raise Unknown("the batch was not answered part by part")
        return [self._sure(_part(part)) for part in parts]

    def _sure(self, part: Answer | None) -> Answer | Outcome:
        if part is None:
            return Unknown("this part of the batch timed out")
        trouble = None if part.fine else refusal(part, self._settings.back_off)
        if isinstance(trouble, (AccountBlocked, CredentialDead, Wait)):
            raise trouble
        return trouble if isinstance(trouble, (Unknown, Forbidden)) else part

    def retract(self, who: Identity, external_id: str) -> None:
        """Delete the post. One that is gone already is success, where the page shows that it is."""
        with Wire(self._settings, who) as wire:
            answer = wire.delete(external_id)
            lacking = out_of_reach(answer)
            if lacking and not self._is_gone(wire, who, external_id):
                raise Forbidden(f"it may stand there still: {said(answer)}")
        taken_down(answer, self._good, gone=lacking or gone(answer))

    def _is_gone(self, wire: Wire, who: Identity, post_id: str) -> bool:
        """Say whether the post was this page's, the token is too, and the page's listing goes without it to its end."""
        if page_part(post_id) not in {"", who.external_id} or not self._is_self(wire, who):
            return False
        posts, whole = self._listing(wire, who, lambda _: False)
        return whole and not any(same_post(post.post_id, post_id) for post in posts)

    def verify(self, who: Identity) -> Standing:
        """Ask whose token this is, and try whether the page's posts can be listed."""
        with Wire(self._settings, who) as wire:
            answer = self._good(wire.get("me", fields="id,name"))
            handle, number = str(answer.facts.get("name") or who.handle), str(answer.facts.get("id"))
            if number != who.external_id:
                raise Stranger(f"they are those of {handle} ({number}), and the page is {who.external_id}")
            listing = wire.get(f"{who.external_id}/published_posts", fields="id", limit="1")
        readable = listing.fine and "error" not in listing.facts
        why = "" if readable else f"The page's posts cannot be listed: {said(listing)}"
        return Standing(handle, can_find=readable, note=why or other_version(answer, wire.version))

    def _good(self, answer: Answer) -> Answer:
        return good(answer, self._settings.back_off)

    # --- watch -------------------------------------------------------------------------------------------------------

    def ends_at(self, credentials: Mapping[str, str]) -> datetime | None:
        """Say when the page's token ends; one got with a long-lived user token tells no end."""
        return ends_at(credentials)

    def sunset(self) -> Sunset | None:
        """Say when the configured version of the Graph API ends."""
        return sunset("channels.facebook.graph_version", self._settings.graph_version, GRAPH)

    def probe(self) -> datetime | None:
        """Ask the Graph API for its time."""
        return platform_time(self._settings.graph_url, self._settings, self._clock.now)


def _all_shown(facts: Mapping[str, Any]) -> list[Shown]:
    if not isinstance(facts.get("data"), list):
        raise CannotLook("the listing came without data")
    return all_read(facts["data"], shown)


def _metric_refused(answer: Answer) -> bool:
    error = answer.facts.get("error")
    return isinstance(error, dict) and error.get("code") == _BAD_PARAMETER and "metric" in str(error.get("message"))


def _told(part: Answer | Outcome) -> Figures | Outcome | None:
    """Return what a part says of its post: figures, why they cannot be read, or None where Facebook has none."""
    if isinstance(part, Outcome):
        return part
    try:
        numbers = insights(part.facts) if part.fine else {}
    except Unknown as unread:
        return unread
    return figures(numbers) if numbers else None


def _part(part: object) -> Answer | None:
    if not isinstance(part, dict) or not isinstance(part.get("code"), int):
        return None
    return Answer(part["code"], {}, str(part.get("body") or "").encode())


CHANNEL = Facebook
