"""The channel LinkedIn (organisation pages), through plain requests.

Images are uploaded and waited for first; the post itself is one call, whose id comes in a header.

Sources: LinkedIn developer documentation (Posts API; Images API; MultiImage API; Organization share statistics;
Programmatic refresh tokens).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event
from typing import Any, ClassVar, Self

from pydantic import BaseModel

from campaign.channels._linkedin_address import Addressed
from campaign.channels._linkedin_body import TITLE_MAX, body_of
from campaign.channels._linkedin_consent import Consents
from campaign.channels._linkedin_looking import (
    Shown,
    address,
    lost_words,
    shown,
    signs_of,
    statistics,
    statistics_path,
    times,
)
from campaign.channels._linkedin_wire import Settings, Wire, encoded, gone, good, new_urn
from campaign.channels._little import to_little
from campaign.channels._tokens import ends_at, renewal, renewed
from campaign.channels._watching import LINKEDIN, consent_ends_at, platform_time, sunset
from campaign.channels._wire import all_read, looking, patiently, picture, said, taken_down, unseen
from campaign.channels._words import MARGIN, carded, far_enough, possible_from, recognised
from campaign.clock import Clock, SystemClock
from campaign.errors import CannotLook, NeverSent, Refused, Unknown
from campaign.http import Answer
from campaign.ports import Draft, Evidence, Figures, Gate, Identity, Limits, Media, Message, Receipt, Sighting, Standing
from campaign.ports.costs import POST, Budget, Cost
from campaign.ports.values import PNG_OR_JPEG
from campaign.ports.watching import Sunset
from campaign.weights import LINKEDIN_MAX, linkedin_length

_PAGES = 6
_COUNT = 50
_RENEW_EARLY = timedelta(days=7)
_AS_GOOD_AS_AT_ONCE = timedelta(hours=1)
_NOT_YET = frozenset({400, 404})
_NOT_FOUND = 404
_FORBIDDEN = 403


class LinkedIn(Addressed, Consents):
    """LinkedIn organisation pages. The id of a post is its URN, a share or a ugcPost."""

    name: ClassVar[str] = "linkedin"
    title: ClassVar[str] = "LinkedIn"
    settings_type: ClassVar[type[Settings]] = Settings
    renewal_spends: ClassVar[bool] = False
    limits: ClassVar[Limits] = Limits(
        text_max=LINKEDIN_MAX,
        count=linkedin_length,
        media_max=20,
        alt_max=4086,
        pace=timedelta(seconds=1),
        card=True,
        media_bytes=10_000_000,
        media_types=PNG_OR_JPEG | {"image/gif"},
        title_max=TITLE_MAX,
    )

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()

    @classmethod
    def from_settings(cls, settings: BaseModel, clock: Clock | None = None) -> Self:
        """Build the channel from what ``settings_type`` made of its section in config.toml."""
        return cls(Settings.model_validate(settings), clock)

    def compose(self, draft: Draft, token: str) -> Message:
        """Return the words, in plain text, with the link as a card that carries the token."""
        return carded(self.name, draft, token)

    # --- budget ------------------------------------------------------------------------------------------------------

    @property
    def budget(self) -> Budget:
        """The posts that an account may make in a day."""
        return Budget(daily_posts=self._settings.daily_limit)

    def costs(self, message: Message) -> tuple[Cost, ...]:  # noqa: ARG002 - the same for every message
        """Return one post of the day: LinkedIn counts the call, whatever becomes of it."""
        return (Cost(POST, sunk=True),)

    def cost_of_retraction(self) -> None:
        """Return None: a delete takes nothing from the posts of a day."""
        return

    def cost_of_reading(self) -> None:
        """Return None: LinkedIn counts no readings."""
        return

    # --- publish -----------------------------------------------------------------------------------------------------

    def publish(self, who: Identity, message: Message, gate: Gate) -> Receipt:
        """Upload the images and wait for them, then create the post."""
        with Wire(self._settings, who, gate.check) as wire:
            images = [self._upload(wire, _organisation(who), media) for media in message.media]
            if images:
                gate.keep(images)
                wire.session.reconnect()
            body = body_of(_organisation(who), message, images)
            urn = new_urn(self._good(self._patiently(lambda: wire.ask("POST", "posts", body))))
        return Receipt(urn, address(urn))

    def _upload(self, wire: Wire, owner: str, media: Media) -> str:
        data = picture(media, self.limits.media_bytes)
        body = {"initializeUploadRequest": {"owner": owner}}
        with unseen():
            answer = self._good(self._patiently(lambda: wire.ask("POST", "images?action=initializeUpload", body))).facts
            value = answer.get("value")
            if not isinstance(value, dict) or not value.get("uploadUrl") or not value.get("image"):
                raise Unknown("LinkedIn gave no place for the image")
            self._good(wire.put(str(value["uploadUrl"]), data, media.mime))
            self._await(wire, str(value["image"]))
        return str(value["image"])

    def _await(self, wire: Wire, image: str) -> None:
        """Wait until LinkedIn has worked through the image; a post with one that is not ready may be refused."""
        end = self._clock.monotonic() + self._settings.image_wait.total_seconds()
        while True:
            status = self._good(wire.ask("GET", f"images/{encoded(image)}")).facts.get("status")
            if status == "AVAILABLE":
                return
            if status == "PROCESSING_FAILED":
                raise Refused("LinkedIn could not work with the image")
            if self._clock.monotonic() >= end:
                raise NeverSent(f"the image is not ready: {status}")
            self._clock.wait(Event(), self._settings.image_poll.total_seconds())

    def at_risk(self, message: Message) -> bool:
        """Say whether the words hold a sign that LinkedIn reserves: without one they cannot be cut."""
        return to_little(message.text) != message.text

    def proofread(self, who: Identity, message: Message, external_id: str) -> str | None:
        """Compare the post's words with those sent: a sign that LinkedIn reserves may have cut them silently."""
        with Wire(self._settings, who) as wire:
            answer = wire.ask("GET", f"posts/{encoded(external_id)}")
        if answer.status == _NOT_FOUND:
            raise CannotLook("a post of this second may not be readable yet")
        commentary = self._good(answer).facts.get("commentary")
        if not isinstance(commentary, str):
            raise CannotLook("the answer carries no words")
        return lost_words(message.text, commentary)

    # --- look up -----------------------------------------------------------------------------------------------------

    def find(self, who: Identity, evidence: Evidence) -> Sighting:
        """List the page's posts back to one that was there before, and match: images, token, words."""
        since = evidence.started_at - MARGIN
        with looking(), Wire(self._settings, who) as wire:
            everything, whole = self._listing(wire, who, lambda posts: far_enough(evidence, times(posts)))
        held = evidence.control_id is None or any(post.urn == evidence.control_id for post in everything)
        known = evidence.known_ids
        first = possible_from(evidence, times(everything))
        found = recognised(
            (post for post in everything if post.out and post.at >= first and post.urn not in known),
            signs_of(evidence),
            since=lambda post: post.at >= since,
            receipt=lambda post: post.receipt,
        )
        # Whose page it is needs no question: LinkedIn lists a page's posts to its own organisation's tokens alone.
        blank = evidence.control_id is None and not everything
        return Sighting(found.matches, held and whole, blank, older=found.older)

    def _listing(self, wire: Wire, who: Identity, enough: Callable[[list[Shown]], bool]) -> tuple[list[Shown], bool]:
        """Return the page's posts, newest first, and whether they are ``enough`` or all that there are."""
        posts: list[Shown] = []
        for page in range(_PAGES):
            elements = self._good(_page(wire, who, page * _COUNT, _COUNT)).facts.get("elements")
            fresh = _all_shown(elements)
            posts += fresh
            # A page may be short in the middle of a listing; only an empty one is surely its end.
            if not fresh or enough(posts):
                return posts, True
        return posts, False

    # --- measure, retract, verify ------------------------------------------------------------------------------------

    def measure(self, who: Identity, external_ids: Sequence[str]) -> Mapping[str, Figures]:
        """Read lifetime figures of up to 100 posts a call. A young post has none yet and is left out."""
        found: dict[str, Figures] = {}
        with Wire(self._settings, who) as wire:
            for start in range(0, len(external_ids), self.limits.measure_batch):
                batch = list(external_ids[start : start + self.limits.measure_batch])
                found |= self._measured(wire, _organisation(who), batch)
        return found

    def _measured(self, wire: Wire, organisation: str, urns: list[str]) -> dict[str, Figures]:
        path = statistics_path(organisation, urns)
        answer = self._patiently(lambda: wire.ask("GET", path))
        if answer.status not in _NOT_YET or not answer.facts:
            return statistics(self._good(answer).facts)
        if len(urns) == 1:
            return {}
        # One post without statistics fails the whole list: ask for each.
        found: dict[str, Figures] = {}
        for urn in urns:
            found |= self._measured(wire, organisation, [urn])
        return found

    def retract(self, who: Identity, external_id: str) -> None:
        """Delete the post. One that is gone already is success."""
        with Wire(self._settings, who) as wire:
            path = f"posts/{encoded(external_id)}"
            answer = self._patiently(lambda: wire.ask("DELETE", path, finder="DELETE"))
        taken_down(answer, self._good, gone=gone(answer))

    def verify(self, who: Identity) -> Standing:
        """Try whether the page's posts can be listed. Without the right to read, unknown posts go to a person."""
        with Wire(self._settings, who) as wire:
            answer = self._patiently(lambda: _page(wire, who, 0, 1))
            if answer.status == _FORBIDDEN:
                self._refuse_strangers(wire, who)
        if answer.status == _FORBIDDEN and answer.facts:
            return Standing(who.handle, can_find=False, note=f"The page's posts cannot be listed: {said(answer)}")
        self._good(answer)
        return Standing(who.handle, can_find=True)

    # --- renew -------------------------------------------------------------------------------------------------------

    def renewable(self, credentials: Mapping[str, str]) -> bool:
        """Say whether LinkedIn gave the right to renew (a refresh token) and the app's id and secret are there."""
        return all(credentials.get(key) for key in ("refresh_token", "client_id", "client_secret"))

    def renews_at(self, credentials: Mapping[str, str]) -> datetime | None:
        """Say when the token wants renewing: a week before it ends, unless the consent's year ends with it. From day
        305 of it a new token lasts no longer than the refresh token, so that renewing changes nothing.

        Source: https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens
        """
        end, consent = ends_at(credentials), consent_ends_at(credentials, renewable=True)
        with_it = end is not None and consent is not None and consent - end < _AS_GOOD_AS_AT_ONCE
        return end - _RENEW_EARLY if end and self.renewable(credentials) and not with_it else None

    def renew(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Return credentials with a new access token. The refresh token's own year is not made longer by this."""
        form = {key: credentials.get(key, "") for key in ("refresh_token", "client_id", "client_secret")}
        form["grant_type"] = "refresh_token"
        url = f"{self._settings.auth_url.rstrip('/')}/oauth/v2/accessToken"
        return renewed(credentials, self._good(renewal(self._settings, url, form)), self._clock.now())

    # --- watch -------------------------------------------------------------------------------------------------------

    def ends_at(self, credentials: Mapping[str, str]) -> datetime | None:
        """Say when a person must connect the page again: at the end of the refresh token's year, where there is one."""
        return consent_ends_at(credentials, renewable=self.renews_at(credentials) is not None)

    def sunset(self) -> Sunset | None:
        """Say when the configured version ends."""
        return sunset("channels.linkedin.version", self._settings.version, LINKEDIN)

    def probe(self) -> datetime | None:
        """Ask LinkedIn for its time."""
        return platform_time(self._settings.api_url, self._settings, self._clock.now)

    # --- in short ----------------------------------------------------------------------------------------------------

    def _good(self, answer: Answer) -> Answer:
        return good(answer, self._clock.now(), self._settings.back_off)

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        return patiently(self._clock, self._settings.token_pause, ask)


def _organisation(who: Identity) -> str:
    return who.external_id if who.external_id.startswith("urn:") else f"urn:li:organization:{who.external_id}"


def _page(wire: Wire, who: Identity, start: int, count: int) -> Answer:
    # `author` comes first: with `q` before it the finder has been seen to refuse.
    query = f"author={encoded(_organisation(who))}&q=author&count={count}&start={start}&sortBy=CREATED"
    return wire.ask("GET", f"posts?{query}", finder="FINDER")


def _all_shown(elements: Any) -> list[Shown]:
    if not isinstance(elements, list):
        raise CannotLook("the listing came without elements")
    return all_read(elements, shown)


CHANNEL = LinkedIn
