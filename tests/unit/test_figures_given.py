"""What a platform gives as a figure is one, or none is known: no answer stops a reading from being stored."""

from collections.abc import Callable

import pytest

from campaign.channels import _facebook_looking as facebook
from campaign.channels import _linkedin_looking as linkedin
from campaign.channels import _x_looking as x
from campaign.ports import Figures

MOST = 2**31 - 1


def on_x(given: object) -> Figures:
    return x.figures_of({"impression_count": given, "like_count": 3, "retweet_count": MOST, "quote_count": MOST}, None)


def on_linkedin(given: object) -> Figures:
    totals = {"impressionCount": given, "likeCount": 3}
    facts = {"elements": [{"share": "urn:li:share:1", "totalShareStatistics": totals}]}
    return linkedin.statistics(facts)["urn:li:share:1"]


def on_facebook(given: object) -> Figures:
    kinds = {"like": 1, "love": 2}
    return facebook.figures({"post_media_view": given, "post_reactions_by_type_total": kinds})


EACH = {"x": on_x, "linkedin": on_linkedin, "facebook": on_facebook}


@pytest.mark.parametrize("given", [-1, 2**31, 10**20, True, False, "7", 7.0, None, [7]], ids=repr)
@pytest.mark.parametrize("read", EACH.values(), ids=EACH)
def test_what_no_post_can_have_is_no_figure(read: Callable[[object], Figures], given: object) -> None:
    assert read(given) == Figures(reactions=3)


@pytest.mark.parametrize("given", [0, 7, MOST])
@pytest.mark.parametrize("read", EACH.values(), ids=EACH)
def test_what_a_post_can_have_is_one(read: Callable[[object], Figures], given: int) -> None:
    assert read(given) == Figures(impressions=given, reactions=3)


def test_reactions_of_which_one_kind_is_absurd_are_not_known() -> None:
    assert facebook.figures({"post_reactions_by_type_total": {"like": 10**20, "love": 2}}) == Figures()
    assert facebook.figures({"post_reactions_by_type_total": {"like": MOST, "love": 2}}) == Figures()
