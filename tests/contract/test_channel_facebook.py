"""The channel Facebook against its emulator: what is peculiar to the Graph API."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import MovedClock
from structlog.testing import capture_logs

from campaign.channels import _facebook_looking, _facebook_wire, facebook
from campaign.errors import AccountBlocked, Forbidden, Refused, Stranger, Unknown, Wait
from campaign.ports import Draft, Media, Message

AUTUMN = datetime(2026, 11, 1, tzinfo=UTC)  # v20.0 has ended, v21.0 lives
Build = Callable[..., Any]
Pictures = Callable[[int], tuple[Media, ...]]
WORDS = "Have your say on SEND reform & pass it on"
LINK = "https://www.gov.uk/dfe/SEND-conversation"


def test_the_receipt_carries_the_permalink_and_the_time_without_another_call(stage: Build, watch: Any) -> None:
    play = stage("facebook")
    receipt = play.channel.publish(play.who, Message("facebook", WORDS), watch)
    assert receipt.external_id.startswith("1001_")
    assert receipt.url.startswith("https://www.facebook.com/")
    assert receipt.at is not None
    assert play.box.world.faults.report()["calls"] == {"facebook.create": 1}


def test_a_page_that_wants_the_app_secret_proof_gets_it_on_every_call(
    stage: Build, watch: Any, pictures: Pictures
) -> None:
    play = stage("facebook").as_account("2002")
    play.box.world.speed = 1e9
    receipt = play.channel.publish(play.who, Message("facebook", WORDS, media=pictures(2)), watch)
    evidence = play.evidence(Message("facebook", WORDS), control_id=receipt.external_id)
    assert play.channel.find(play.who, evidence).control_seen
    assert play.channel.verify(play.who).can_find
    assert receipt.external_id in play.channel.measure(play.who, [receipt.external_id])
    play.channel.retract(play.who, receipt.external_id)
    assert play.ledger() == []


def test_a_post_that_this_token_cannot_reach_is_not_called_gone(stage: Build, watch: Any) -> None:
    """Facebook says the same of a post that is not there, and of one that the token may not touch."""
    play = stage("facebook")
    receipt = play.channel.publish(play.who, Message("facebook", WORDS), watch)
    play.box.world.switches["facebook.out_of_reach"] = [receipt.external_id]
    with pytest.raises(Forbidden, match="missing permissions"):
        play.channel.retract(play.who, receipt.external_id)
    play.box.world.delete_post("facebook", receipt.external_id)
    play.channel.retract(play.who, receipt.external_id)


def test_the_post_of_another_page_is_not_called_gone(stage: Build, watch: Any) -> None:
    """The account has become another page since, or holds the token of another one."""
    play = stage("facebook")
    other = play.as_account("2002")
    theirs = other.channel.publish(other.who, Message("facebook", WORDS), watch)
    receipt = play.channel.publish(play.who, Message("facebook", WORDS), watch)
    with pytest.raises(Forbidden):
        play.channel.retract(play.who, theirs.external_id)
    wrong = replace(play.who, credentials=other.who.credentials)
    with pytest.raises(Forbidden):
        play.channel.retract(wrong, receipt.external_id)
    assert len(play.ledger()) == 2


def test_a_page_with_more_posts_than_are_listed_leaves_the_word_to_a_person(
    stage: Build, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = stage("facebook")
    monkeypatch.setattr(facebook, "_PAGES", 0)
    receipt = play.channel.publish(play.who, Message("facebook", WORDS), watch)
    play.box.world.delete_post("facebook", receipt.external_id)
    with pytest.raises(Forbidden):
        play.channel.retract(play.who, receipt.external_id)


def test_a_metric_that_meta_has_dropped_costs_only_itself(
    stage: Build, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = stage("facebook")
    play.box.world.speed = 1e9
    ids = [play.channel.publish(play.who, Message("facebook", f"{n}"), watch).external_id for n in range(3)]
    monkeypatch.setattr(facebook, "METRICS", (*_facebook_looking.METRICS, "post_impressions"))
    measured = play.channel.measure(play.who, ids)
    assert set(measured) == set(ids)
    assert all(figures.impressions is not None for figures in measured.values())


def test_more_posts_than_a_batch_takes_are_measured_in_several(stage: Build, watch: Any) -> None:
    play = stage("facebook")
    play.box.world.speed = 1e9
    ids = [play.channel.publish(play.who, Message("facebook", f"{n}"), watch).external_id for n in range(52)]
    assert set(play.channel.measure(play.who, ids)) == set(ids)


def test_a_content_type_of_script_is_unknown_to_the_library_but_the_answer_still_counts(
    stage: Build, watch: Any
) -> None:
    play = stage("facebook")
    play.box.world.switches["facebook.javascript"] = True
    receipt = play.channel.publish(play.who, Message("facebook", WORDS), watch)
    assert receipt.external_id == play.ledger()[0]["id"]


def test_a_control_further_back_than_one_page_is_looked_for(stage: Build, watch: Any) -> None:
    play = stage("facebook")
    ids = [play.channel.publish(play.who, Message("facebook", f"{n}"), watch).external_id for n in range(102)]
    sighting = play.channel.find(play.who, play.evidence(Message("facebook", "101"), control_id=ids[0]))
    assert [match.external_id for match in sighting.matches] == [ids[-1]]
    assert sighting.control_seen


def test_a_post_with_another_posts_token_is_not_taken_for_ours(stage: Build, watch: Any) -> None:
    play = stage("facebook")
    other = play.channel.compose(Draft(WORDS, link=LINK), "aaaaaaaa")
    ours = play.channel.compose(Draft(WORDS, link=LINK), "bbbbbbbb")
    receipt = play.channel.publish(play.who, other, watch)
    assert play.channel.find(play.who, play.evidence(ours, control_id=receipt.external_id)).matches == ()


def test_too_many_calls_wait_as_long_as_facebook_says(stage: Build, watch: Any) -> None:
    play = stage("facebook")
    play.goes_wrong("429", seconds=1200)
    with pytest.raises(Wait) as told:
        play.channel.publish(play.who, Message("facebook", WORDS), watch)
    assert told.value.after is not None
    assert told.value.after.total_seconds() == 1200


def test_a_server_error_in_json_without_an_error_is_unknown(stage: Build, watch: Any) -> None:
    play = stage("facebook")
    play.goes_wrong("store-then-5xx")
    with pytest.raises(Unknown):
        play.channel.publish(play.who, Message("facebook", WORDS), watch)


def test_a_card_carries_the_token_and_images_push_the_plain_link_into_the_words(
    stage: Build, pictures: Pictures
) -> None:
    play = stage("facebook")
    card = play.channel.compose(Draft(WORDS, link=f"{LINK}?a=1#top", link_title="Say"), "k3j9x2ab")
    assert card.link == f"{LINK}?a=1&utm_content=k3j9x2ab#top"
    assert (card.text, card.link_title) == (WORDS, "Say")
    shown = play.channel.compose(Draft(WORDS, link=LINK, media=pictures(1)), "k3j9x2ab")
    assert (shown.text, shown.link) == (f"{WORDS}\n\n{LINK}", None)
    assert play.channel.compose_url(play.who, card) == (
        "https://www.facebook.com/sharer/sharer.php"
        "?u=https%3A%2F%2Fwww.gov.uk%2Fdfe%2FSEND-conversation%3Fa%3D1%26utm_content%3Dk3j9x2ab%23top"
    )


def test_where_facebook_takes_no_link_to_itself_a_share_is_refused_and_nothing_is_posted(
    stage: Build, watch: Any
) -> None:
    play = stage("facebook")
    original = play.channel.publish(play.who, Message("facebook", WORDS), watch).external_id
    other = play.as_account("2002")
    share = Message("facebook", "", share_of=original)
    play.box.world.switches["facebook.own_links"] = False
    with pytest.raises(Refused, match=r"You can't share this link.*1609008"):
        other.channel.publish(other.who, share, watch)
    assert [line["id"] for line in play.ledger()] == [original]
    play.box.world.switches.clear()
    assert other.channel.publish(other.who, share, watch).external_id.startswith("2002_")


@pytest.mark.parametrize(("version", "served"), [("v20.0", "v21.0"), ("v25.0", None)])
def test_a_version_that_has_ended_is_served_by_another_and_said_so(
    stage: Build, watch: Any, version: str, served: str | None
) -> None:
    play = stage("facebook", graph_version=version)
    play.box.world.clock = MovedClock(AUTUMN)
    _facebook_wire._tell_once.cache_clear()
    with capture_logs() as said:
        assert play.channel.publish(play.who, Message("facebook", "Words"), watch).external_id == play.ledger()[0]["id"]
        note = play.channel.verify(play.who).note
        play.channel.measure(play.who, [play.ledger()[0]["id"]])
    assert (served or "") in note
    assert bool(note) == (served is not None)
    assert [line["note"] for line in said if line["log_level"] == "warning"] == ([note] if served else [])


def test_a_page_that_is_blocked_for_a_policy_waits_for_hours(stage: Build, watch: Any) -> None:
    play = stage("facebook")
    play.goes_wrong("policy-block")
    with pytest.raises(AccountBlocked, match="368") as told:
        play.channel.publish(play.who, Message("facebook", "Words"), watch)
    assert told.value.after == timedelta(hours=4)


def test_verify_names_the_page_whose_token_this_is(stage: Build) -> None:
    play = stage("facebook")
    with pytest.raises(Stranger, match=r"\(1001\)"):
        play.channel.verify(replace(play.who, external_id="2002"))


def test_figures_for_which_a_permission_lacks_say_so_and_are_not_taken_for_none(stage: Build, watch: Any) -> None:
    play = stage("facebook")
    post_id = play.channel.publish(play.who, Message("facebook", WORDS), watch).external_id
    account = play.box.world.account("facebook", "1001")
    scopes = "pages_manage_posts pages_read_engagement"
    play.box.world.know([replace(account, credentials={**account.credentials, "scopes": scopes})])
    found = play.channel.measure(play.who, [post_id])[post_id]
    assert isinstance(found, Forbidden)
    assert "read_insights" in str(found)
