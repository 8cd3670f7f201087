"""How far partners have come: what the database says of all is what each one's progress says, on both databases."""

import sys
from itertools import product

import sqlalchemy as sa
from builders import add_account
from conftest import MovedClock
from sqlmodel import col

from campaign.models import Database, participation
from campaign.models.partners import Account, Partner
from campaign.review.reminding import steps_of

DETAILS = ({}, {"line": ""}, {"line": " \t\n\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}"}, {"a": "", "line": " É ’ "})
ACCOUNTS = (
    {"mode": "api"},
    {"mode": "by-hand"},
    {"mode": "api", "channel": "email"},
    {"mode": "api", "sealed": b"x"},
    {"mode": "by-hand", "disabled_why": "gone"},
)


def test_who_has_a_step_left_is_found_by_the_database(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        for details, facts, agrees in product(DETAILS, ACCOUNTS, (True, False)):
            account = add_account(session, clock.now(), agrees=agrees)
            session.get_one(Partner, account.partner_id).details = details
            session.execute(sa.update(Account).where(col(Account.id) == account.ident).values(**facts))
        session.add(Partner(key="alone", name="Alone", details={"line": "Words"}, joined_at=clock.now()))
    with database.read() as session:
        every = participation.progress(session, published_up_to=0)
        found = participation.unfinished(session)
        assert [one.key for one in found] == [one.partner.key for one in every if steps_of(one)]
        assert 0 < len(found) < len(every)
        own = participation.progress(session, published_up_to=0, of=found)
        assert own == [one for one in every if steps_of(one)]


def test_no_blank_lies_beyond_those_that_the_database_is_told() -> None:
    assert "".join(filter(str.isspace, map(chr, range(sys.maxunicode + 1)))) == participation._BLANKS
