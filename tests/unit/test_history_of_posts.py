"""What the page of a post says of its events: plain sentences, the rest behind them."""

import pytest
from conftest import MovedClock

from campaign.errors import CannotLook, Outcome, Withheld
from campaign.models import reasons
from campaign.models.posts import Event
from campaign.models.status import Move
from campaign.web.history import sentence_of
from campaign.web.words import OUTCOMES


@pytest.mark.parametrize(
    ("move", "why", "told"),
    [
        (Move.CLAIM, reasons.attempt(1), ("", "")),
        (Move.CLAIM, reasons.attempt(2), ("", "attempt 2")),
        (Move.EDIT, reasons.edited(["own_words", "x_line"]), ("New: own words, x line.", "")),
        (Move.EDIT, reasons.edited(["x_line=Come: all of you"]), ("", "x_line=Come: all of you")),
        (Move.EDIT, reasons.edited([]), ("", "")),
        (Move.EXPIRE, reasons.late("6 hours"), ("It could not go out within 6 hours of its time.", "")),
        (
            Move.EXPIRE,
            f"{reasons.late('6 hours')}; its account has stopped",
            ("It could not go out within 6 hours of its time.", "its account has stopped"),
        ),
        (Move.REFUSE, "refused: too long", ("X did not take it.", "refused: too long")),
        (Move.REFUSE, str(Withheld("its permission has ended")), ("It was not sent: its permission has ended.", "")),
        (Move.EXPIRE, "nobody recorded where it was published", ("nobody recorded where it was published", "")),
    ],
)
def test_an_event_is_told_in_plain_words(clock: MovedClock, move: Move, why: str, told: tuple[str, str]) -> None:
    event = Event(post_id=1, at=clock.now(), who="host:77:ab12", move=move, from_status="a", to_status="b", why=why)
    assert sentence_of(event, "x") == told


def test_every_way_in_which_a_try_ends_has_its_words() -> None:
    def names(kind: type[Outcome]) -> set[str]:
        return {kind.name}.union(*map(names, kind.__subclasses__()))

    assert set(OUTCOMES) == names(Outcome) - {CannotLook.name} | {"posted", "waiting"}
