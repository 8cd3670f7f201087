"""What the planner is given and what it answers: plain values and the three ports that other rooms fill."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from campaign.errors import Finding
from campaign.models.status import Status
from campaign.plan.addressing import Letterhead
from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.entries import Timetable
from campaign.plan.questions import Question
from campaign.ports import Draft, Limits, Message

SINGLE = "single"
"""The slot name of posts that a person queues outside the timetable; no slot may bear it."""

Action = Literal["add", "change", "keep", "withdraw", "past", "blocked"]


class PickedTemplate(Protocol):
    """What the planner reads of a template."""

    @property
    def name(self) -> str:
        """Return the template's name, without a channel."""
        ...

    @property
    def version(self) -> object:
        """Return the version that its front matter states."""
        ...

    @property
    def digest(self) -> str:
        """Return the digest of its source."""
        ...

    @property
    def until(self) -> date | str | None:
        """Return the date, or the name of the day, until which its words are true; None: they do not age."""
        ...


class TemplateSource(Protocol):
    """Where templates come from."""

    def pick(self, name: str, channel: str) -> PickedTemplate:
        """Return the channel's variant, else the plain template. Raises UnknownName."""
        ...


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled template and which one it was; ``fields`` are the post's own that filled it."""

    draft: Draft
    template_name: str
    template_version: str
    fields: Mapping[str, str] = field(default_factory=dict)


class Filler(Protocol):
    """Fills a template with what is known of one post."""

    def __call__(  # noqa: D102  said by the class
        self,
        name: str,
        channel: str,
        *,
        campaign: Mapping[str, object],
        partner: PartnerFacts,
        event: Mapping[str, object] | None,
        question: Mapping[str, object] | None,
        fields: Mapping[str, object],
    ) -> Filled: ...


@dataclass(frozen=True, slots=True)
class ExistingPost:
    """A stored post. One that a person queued outside the timetable (slot ``SINGLE`` or none) is left alone.

    ``fields`` are the words of its own that a person gave it. ``moved``: a person gave it its time, and ``slot_at`` is
    where its slot was by the last plan. ``by_plan``: where it was withdrawn, it was the plan that did so; what a person
    withdrew stays withdrawn. ``window_from`` and ``window_until`` bound the times to which a move keeps its approval;
    None: its time alone. ``first_slot`` is the name that its slot had first. ``begun``: copies of the issue are out.
    ``drifted``: composed anew it is not what its hash says.
    """

    id: int
    account_id: int
    slot: str
    occurrence: str
    due_at: datetime
    status: str
    draft: Draft
    template: str = ""
    template_version: str = ""
    first_slot: str | None = None
    window_from: datetime | None = None
    window_until: datetime | None = None
    slot_at: datetime | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    moved: bool = False
    by_plan: bool = False
    begun: bool = False
    drifted: bool = False

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Return the first and the last time to which a move keeps its approval."""
        return self.window_from or self.due_at, self.window_until or self.due_at

    @property
    def given_up(self) -> bool:
        """Say whether a plan withdrew it, so that a plan may bring it back."""
        return self.status == Status.WITHDRAWN and self.by_plan


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """Everything that a plan depends on. ``now`` is aware UTC; ``channels`` are the known ones with their limits."""

    timetable: Timetable
    templates: TemplateSource
    fill: Filler
    partners: Sequence[PartnerFacts]
    accounts: Sequence[AccountFacts]
    now: datetime
    channels: Mapping[str, Limits]
    questions: Sequence[Question] = ()
    existing: Sequence[ExistingPost] = ()
    compose: Callable[[str, Draft, str], Message] | None = None
    placeholders_allowed: bool = False
    letterhead: Letterhead = field(default_factory=Letterhead)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One line of the plan: what would happen to one key (account, slot, occurrence), and why.

    Where ``post_id`` is set, ``slot`` and ``occurrence`` are the key that the stored post shall have: after a slot was
    renamed with ``was`` or moved they differ from what is stored, with ``keep`` too. ``first_slot`` is set where the
    timetable has the post, and with it what the post shall carry of the timetable: the event on which it hangs, its
    question, its slot's time there, and the instant from which its words are no longer true. ``draft`` is None where
    nothing was filled. ``fields`` and ``moved``: the words of its own and the time of its own that a person gave it.
    """

    action: Action
    partner: str
    account_id: int
    channel: str
    slot: str
    occurrence: str
    due_at: datetime
    window_from: datetime
    window_until: datetime
    draft: Draft | None = None
    template: str = ""
    template_version: str = ""
    share_of: str | None = None
    reason: str = ""
    event: str | None = None
    question: str | None = None
    first_slot: str | None = None
    slot_at: datetime | None = None
    stale_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    post_id: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    moved: bool = False

    @property
    def spoken_action(self) -> str:
        """Return the action as people are told it: a post that never was is left out, not withdrawn."""
        return "leave out" if self.action == "withdraw" and self.post_id is None else self.action

    @property
    def finding(self) -> Finding | None:
        """Return the first finding, which is most often the only one."""
        return self.findings[0] if self.findings else None
