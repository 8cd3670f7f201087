"""Whatever a person's moves and later plans make of a post's time, it lies in the window that approval is bound to."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from planning import Picked, applied

from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.entries import At, Quiet, Slot, Timetable
from campaign.plan.planner import plan
from campaign.plan.rows import ExistingPost, Filled, PlanFacts, PlanRow
from campaign.ports import Draft, Limits

LAUNCH = date(2030, 12, 2)
DAYS = st.integers(-3, 40).map(lambda days: LAUNCH + timedelta(days=days))
MINUTES = st.sampled_from([0, 45, 120]).map(lambda minutes: timedelta(minutes=minutes))
STEPS = st.one_of(
    st.tuples(st.just("move"), st.sampled_from([-45, -20, 0, 20, 45, 26_000]).map(lambda n: timedelta(minutes=n))),
    st.tuples(st.just("launch"), DAYS),
    st.tuples(st.just("spread"), MINUTES),
    st.tuples(st.just("words"), st.sampled_from(["joins in", "takes part"])),
    st.tuples(st.just("quiet"), st.none() | DAYS),
)


class Anything:
    def pick(self, name: str, channel: str) -> Picked:
        return Picked(f"{name}.{channel}")


@dataclass
class Campaign:
    """One partner's post, and what stands in the timetable."""

    launch: date = LAUNCH
    spread: timedelta = timedelta(minutes=45)
    words: str = "joins in"
    quiet: date | None = None
    stored: list[ExistingPost] = field(default_factory=list)

    def plan(self) -> list[PlanRow]:
        slot = Slot("launch", ("facebook",), ("t",), at=At("launch", wall=time(9)), spread=self.spread)
        quiet = (Quiet("q", self.quiet, self.quiet + timedelta(days=1)),) if self.quiet else ()
        facts = PlanFacts(
            timetable=Timetable(
                "t", ZoneInfo("Europe/London"), days={"launch": self.launch}, slots=(slot,), quiet=quiet
            ),
            templates=Anything(),
            fill=self.fill,
            partners=(PartnerFacts("p", "P"),),
            accounts=(AccountFacts(1, "p", "facebook"),),
            now=datetime(2030, 1, 1, tzinfo=UTC),
            channels={"facebook": Limits(1000, len, 4, 100, timedelta(), card=True)},
            existing=self.stored,
        )
        return plan(facts)

    def fill(self, name: str, channel: str, **_facts: Any) -> Filled:
        return Filled(Draft(f"{channel} {self.words}"), name, "1")

    def move(self, by: timedelta) -> None:
        """Do what a person's move does: inside the window the window stays, outside it goes along."""
        self.stored = [_moved(post, post.due_at + by) for post in self.stored]


def _moved(post: ExistingPost, due_at: datetime) -> ExistingPost:
    start, end = post.window
    if not start <= due_at <= end:
        start, end = due_at, due_at + (end - start)
    return replace(post, due_at=due_at, window_from=start, window_until=end, moved=True)


@settings(max_examples=150)
@given(st.lists(STEPS, min_size=2, max_size=8))
def test_no_plan_takes_the_time_of_a_post_out_of_its_window(steps: list[tuple[str, Any]]) -> None:
    campaign = Campaign()
    campaign.stored = applied(campaign.plan())
    for step, value in steps:
        if step == "move":
            campaign.move(value)
        else:
            setattr(campaign, step, value)
        rows = campaign.plan()
        assert all(row.window_from <= row.due_at <= row.window_until for row in rows)
        campaign.stored = applied(rows, campaign.stored)
        assert {row.action for row in campaign.plan()} <= {"keep", "withdraw"}, "a plan comes to rest"
