"""The statements of health go by indexes, whatever the number of posts: shown by each database's own plan."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from conftest import MovedClock
from plans import plan_of
from sqlmodel import Session

from campaign.models import Database, listing, readings, vitals
from campaign.models.status import Status

WEEK = timedelta(days=7)
QUESTIONS: dict[str, Callable[[Session, MovedClock], object]] = {
    "overdue": lambda session, clock: vitals.overdue(session, clock.now()),
    "stuck issues": lambda session, clock: vitals.stuck_issues(session, clock.now()),
    "images to show": lambda session, clock: vitals.images_to_show(session, clock.now()),
    "unconfirmed": lambda session, _clock: vitals.unconfirmed(session, for_person=False),
    "unconfirmed for a person": lambda session, _clock: vitals.unconfirmed(session, for_person=True),
    "retractions for a person": lambda session, _clock: vitals.retractions_for_person(session),
    "all for a person": lambda session, _clock: listing.waiting_for_person(session),
    "due since": lambda session, clock: vitals.due_since(session, Status.MISSED, clock.now() - WEEK),
    "readings": lambda session, clock: readings.watched(session, until=clock.now()),
    "abandoned": lambda session, clock: vitals.abandoned(session, clock.now()),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_of_health_goes_by_an_index(database: Database, clock: MovedClock, question: str) -> None:
    plan = plan_of(database, lambda session: QUESTIONS[question](session, clock))
    assert re.search(r"(INDEX|using|on) post_(?!external)\w+", plan), plan
    assert not re.search(r"(?m)^\W*SCAN post$|Seq Scan on post\b", plan), plan
