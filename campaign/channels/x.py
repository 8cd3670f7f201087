"""The channel X (API v2), through tweepy.

Nothing here is tried twice on its own: X has no idempotency key, so an unclear create is looked up in the account's
own posts by its uploads, then by its words. Sources: X API v2 reference (Create Post, Repost Post, User posts timeline,
Post lookup, Upload media, Create media metadata, OAuth 2.0), tweepy documentation.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from pydantic import BaseModel

from campaign.channels._tokens import ends_at, renewal, renewed
from campaign.channels._watching import consent_ends_at, platform_time
from campaign.channels._wire import all_read, looking, paced, patiently, picture, said, taken_down, unseen
from campaign.channels._words import MARGIN, recognised
from campaign.channels._x_address import Addressed
from campaign.channels._x_consent import Consents
from campaign.channels._x_looking import (
    EXPANSIONS,
    FIELDS,
    REPOST,
    Shown,
    count_of,
    figures_of,
    ids_in,
    listed_after,
    possible_after,
    respelled,
    shown,
    signs_of,
)
from campaign.channels._x_owner import Owned, Owners
from campaign.channels._x_pace import pace
from campaign.channels._x_price import Priced
from campaign.channels._x_wire import Settings, Wire, gone, good, instant_of, new_id, snowflake
from campaign.clock import Clock, SystemClock
from campaign.errors import CannotLook, NeverSent, Outcome, Unknown
from campaign.http import Answer
from campaign.ports import Draft, Evidence, Figures, Gate, Identity, Limits, Media, Message, Receipt, Sighting
from campaign.weights import X_MAX, x_length, x_valid

_PAGES = 5
_RENEW_EARLY = timedelta(minutes=10)
_NOT_FOUND = 404
_BAD_REQUEST = 400
_SHOWING = {"tweet.fields": FIELDS, "expansions": EXPANSIONS}


class X(Priced, Addressed, Consents, Owned):
    """X. A repost's id is ``rt:`` and the id of the post passed on: X tells no other that can be relied on."""

    name: ClassVar[str] = "x"
    title: ClassVar[str] = "X"
    settings_type: ClassVar[type[Settings]] = Settings
    renewal_spends: ClassVar[bool] = True
    limits: ClassVar[Limits] = Limits(
        text_max=X_MAX,
        count=x_length,
        media_max=4,
        alt_max=1000,
        pace=timedelta(seconds=1),
        card=False,
        copies=False,
        valid=x_valid,
        # One that moves would be another kind of upload, and go alone (Upload Media: 4 photos or 1 GIF).
        media_moves=False,
        shares_have_figures=False,
    )

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        super().__init__(settings)
        self._clock = clock or SystemClock()
        self._owners = Owners()

    @classmethod
    def from_settings(cls, settings: BaseModel, clock: Clock | None = None) -> Self:
        """Build the channel from what ``settings_type`` made of its section in config.toml."""
        return cls(Settings.model_validate(settings), clock)

    def compose(self, draft: Draft, token: str) -> Message:  # noqa: ARG002 - an address in plain sight carries no token
        """Return the words as they are; a repost has none."""
        if draft.share_of is not None:
            return Message(self.name, "", share_of=draft.share_of)
        return Message(self.name, draft.words, media=draft.media)

    # --- publish -----------------------------------------------------------------------------------------------------

    def publish(self, who: Identity, message: Message, gate: Gate) -> Receipt:
        """Upload the images with their alt texts, then create the post; or repost."""
        with Wire(self._settings, who, gate.check) as wire:
            self._refuse_strangers(wire, who)
            if message.share_of is not None:
                return self._repost(wire, who, message.share_of)
            media_ids = self._uploads(wire, message.media, gate)
            body: dict[str, object] = {"text": message.text} if message.text else {}
            if media_ids:
                wire.session.reconnect()
                body["media"] = {"media_ids": media_ids}
            answer = self._patiently(lambda: wire.ask("POST", "/2/tweets", body=body))
        told = pace(answer.headers, self._clock.now())
        with paced(told):
            number = new_id(self._good(answer))
        return Receipt(number, _address(who, number), instant_of(number), told)

    def _repost(self, wire: Wire, who: Identity, share_of: str) -> Receipt:
        source = share_of.removeprefix(REPOST)
        route, body = f"/2/users/{who.external_id}/retweets", {"tweet_id": source}
        answer = self._patiently(lambda: wire.ask("POST", route, body=body))
        told = pace(answer.headers, self._clock.now())
        with paced(told):
            data = self._good(answer).facts.get("data")
            if not isinstance(data, dict) or not (data.get("retweeted") or data.get("reposted")):
                raise Unknown(f"the answer does not say that it was reposted: {said(answer)}")
        return Receipt(f"{REPOST}{source}", f"https://x.com/i/status/{source}", self._clock.now(), told)

    def _uploads(self, wire: Wire, images: Sequence[Media], gate: Gate) -> list[str]:
        """Upload the images. What a try that fails has uploaded is kept too: its alt texts may be paid for."""
        done: list[str] = []
        try:
            for media in images:
                self._upload(wire, media, done)
        finally:
            if done:
                gate.keep(done)
        return done

    def _upload(self, wire: Wire, media: Media, done: list[str]) -> None:
        """Upload one image in one shot. Only keys that both published API documents allow are sent."""
        data = base64.b64encode(picture(media, self.limits.media_bytes)).decode("ascii")
        body = {"media": data, "media_category": "tweet_image"}
        with unseen():
            answer = self._patiently(lambda: wire.ask("POST", "/2/media/upload", body=body))
            done.append(new_id(self._uploaded(answer)))
            if media.alt:
                words = {"id": done[-1], "metadata": {"alt_text": {"text": media.alt}}}
                self._uploaded(wire.ask("POST", "/2/media/metadata", body=words))

    def _uploaded(self, answer: Answer) -> Answer:
        if answer.status == _NOT_FOUND:
            # X had outages of uploading in which it answered 404.
            raise NeverSent(said(answer))
        return self._good(answer)

    # --- look up -----------------------------------------------------------------------------------------------------

    def find(self, who: Identity, evidence: Evidence) -> Sighting:
        """List the account's posts since one that was there before, and match: uploads, then words."""
        since, first = snowflake(evidence.started_at - MARGIN), possible_after(evidence)
        control, pages = evidence.control_id, list[Mapping[str, Any]]()
        with looking(lambda: _ids_of(pages)), Wire(self._settings, who) as wire:
            self._refuse_strangers(wire, who)
            everything, whole = self._listing(wire, who, evidence, pages)
            held = control is None or any(post.key == control for post in everything)
            if control is None and not everything:
                everything, first = self._newest(wire, who, pages), 0
        found = recognised(
            (post for post in everything if post.number > first and post.key not in evidence.known_ids),
            signs_of(evidence),
            since=lambda post: post.number >= since,
            receipt=lambda post: _receipt(who, post),
        )
        blank = control is None and not everything
        return Sighting(found.matches, held and whole, blank, _ids_of(pages), found.older)

    def _listing(
        self, wire: Wire, who: Identity, evidence: Evidence, pages: list[Mapping[str, Any]]
    ) -> tuple[list[Shown], bool]:
        """Return the posts that count, newest first, and whether these are all; ``pages`` gets each page."""
        params = {"max_results": "100", "since_id": str(listed_after(evidence)), **_SHOWING}
        if evidence.message.share_of is None and not (evidence.control_id or "").startswith(REPOST):
            params["exclude"] = "retweets"
        posts: list[Shown] = []
        for _ in range(_PAGES):
            page = self._page(wire, who, params, pages)
            posts += all_read(page.get("data") or (), shown)
            following = page["meta"].get("next_token")
            if not following:
                return posts, True
            params["pagination_token"] = str(following)
        return posts, False

    def _page(
        self, wire: Wire, who: Identity, params: Mapping[str, str], pages: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        page = self._read(wire, f"/2/users/{who.external_id}/tweets", params).facts
        pages.append(page)
        if not isinstance(page.get("meta"), dict):
            raise CannotLook("the listing came without its count")
        return page

    def _newest(self, wire: Wire, who: Identity, pages: list[Mapping[str, Any]]) -> list[Shown]:
        """Return the newest posts of any time; the fewest that X gives, for each read costs."""
        return all_read(self._page(wire, who, {"max_results": "5", **_SHOWING}, pages).get("data") or (), shown)

    def _read(self, wire: Wire, route: str, params: Mapping[str, str]) -> Answer:
        """Read; if X knows the old names of fields no more, read with the new ones."""
        answer = self._patiently(lambda: wire.ask("GET", route, params=params))
        if answer.status == _BAD_REQUEST and "tweet.fields" in params:
            answer = wire.ask("GET", route, params=respelled(params))
        return self._good(answer)

    # --- measure, retract --------------------------------------------------------------------------------------------

    def measure(self, who: Identity, external_ids: Sequence[str]) -> Mapping[str, Figures]:
        """Read public figures, then in a request of its own clicks, which X gives for 30 days to the author only.

        Reposts have no figures of their own and are left out.
        """
        ids = [number for number in external_ids if not number.startswith(REPOST)]
        figures: dict[str, Figures] = {}
        with Wire(self._settings, who) as wire:
            for start in range(0, len(ids), self.limits.measure_batch):
                batch = ids[start : start + self.limits.measure_batch]
                public = self._metrics(wire, batch, "public_metrics")
                clicks = self._clicks(wire, batch) if public else {}
                figures |= {number: figures_of(numbers, clicks.get(number)) for number, numbers in public.items()}
        return figures

    def _metrics(self, wire: Wire, batch: Sequence[str], kind: str) -> dict[str, Mapping[str, Any]]:
        answer = self._read(wire, "/2/tweets", {"ids": ",".join(batch), "tweet.fields": kind})
        # Posts that are gone stand under errors alone; an answer with neither has not come whole.
        posts = answer.facts.get("data", [] if answer.facts.get("errors") else None)
        if not isinstance(posts, list):
            raise Unknown(f"the figures cannot be read: {said(answer)}")
        return {str(post["id"]): post[kind] for post in posts if isinstance(post.get(kind), dict)}

    def _clicks(self, wire: Wire, batch: Sequence[str]) -> dict[str, int | None]:
        try:
            private = self._metrics(wire, batch, "non_public_metrics")
        except Outcome:
            return {}
        return {number: count_of(numbers, "url_link_clicks") for number, numbers in private.items()}

    def retract(self, who: Identity, external_id: str) -> None:
        """Delete the post, or take the repost back. One that is gone already is success."""
        source = external_id.removeprefix(REPOST)
        route = f"/2/users/{who.external_id}/retweets/{source}" if source != external_id else f"/2/tweets/{source}"
        with Wire(self._settings, who) as wire:
            answer = self._patiently(lambda: wire.ask("DELETE", route))
        taken_down(answer, self._good, gone=gone(answer))

    # --- renew -------------------------------------------------------------------------------------------------------

    def renewable(self, credentials: Mapping[str, str]) -> bool:
        """Say whether there is a refresh token of OAuth 2.0, and the app whose it is. OAuth 1.0a tokens do not end."""
        whole = credentials.get("refresh_token") and self._client_of(credentials)
        return "consumer_key" not in credentials and bool(whole)

    def _client_of(self, credentials: Mapping[str, str]) -> str:
        """Return the id of the app: that of the credentials, else ours where X knows it as a public client."""
        ours = "" if self._settings.client_secret else self._settings.client_id
        return credentials.get("client_id") or ours

    def renews_at(self, credentials: Mapping[str, str]) -> datetime | None:
        """Say when an OAuth 2.0 token wants renewing: ten minutes before it ends."""
        end = ends_at(credentials)
        return end - _RENEW_EARLY if end and self.renewable(credentials) else None

    def renew(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Spend the refresh token for a new pair. Raises Unknown if the answer was lost: the old pair may be spent."""
        form = {"grant_type": "refresh_token", "refresh_token": credentials.get("refresh_token", "")}
        client, secret = self._client_of(credentials), credentials.get("client_secret")
        login = (client, secret) if secret else None
        if not login:
            form["client_id"] = client
        url = f"{self._settings.api_url.rstrip('/')}/2/oauth2/token"
        answer = renewal(self._settings, url, form, login)
        owner = self._owners.of(credentials)
        fresh = renewed(credentials, self._good(answer), self._clock.now())
        return fresh | ({"user_id": owner} if owner else {})

    # --- watch -------------------------------------------------------------------------------------------------------

    def ends_at(self, credentials: Mapping[str, str]) -> datetime | None:
        """Say when a person must connect the account again: OAuth 1.0a tokens and refresh tokens tell no end."""
        return consent_ends_at(credentials, renewable=self.renews_at(credentials) is not None)

    def probe(self) -> datetime | None:
        """Ask X for its time."""
        return platform_time(self._settings.api_url, self._settings, self._clock.now)

    # --- in short ----------------------------------------------------------------------------------------------------

    def _good(self, answer: Answer) -> Answer:
        return good(answer, self._clock.now(), self._settings.back_off)

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        return patiently(self._clock, self._settings.token_pause, ask)


def _ids_of(pages: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset().union(*map(ids_in, pages))


def _receipt(who: Identity, post: Shown) -> Receipt:
    url = f"https://x.com/i/status/{post.reposts}" if post.reposts else _address(who, post.key)
    return Receipt(post.key, url, instant_of(post.number))


def _address(who: Identity, number: str) -> str:
    return f"https://x.com/{who.handle.removeprefix('@')}/status/{number}"


CHANNEL = X
