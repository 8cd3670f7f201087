"""Numbers of rows as people type them: what can be none is not there, on either database."""

import pytest

from campaign.intake.values import ROW_MAX, row_id
from campaign.models import Database, listing
from campaign.models.types import Numbered


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1e3", " 1", "٣", "²", "12a", "2147483648", "9" * 18])
def test_what_can_be_no_row_is_none(text: str) -> None:
    assert row_id(text) is None


def test_the_greatest_number_is_asked_for_without_a_fault(database: Database) -> None:
    """PostgreSQL refuses a number beyond its integers; that would be a broken page instead of one that is not there."""
    number = row_id("2147483647")
    assert number == ROW_MAX
    with database.read() as session:
        assert listing.post(session, number) is None


@pytest.mark.parametrize("kind", Numbered.__subclasses__())
def test_a_row_that_was_never_stored_has_no_number(kind: type[Numbered]) -> None:
    """Row 0 would be asked for, and is not there: what was to be changed would stay as it is, and nobody be told."""
    with pytest.raises(LookupError, match=kind.__name__):
        _ = kind().ident
