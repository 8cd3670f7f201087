"""Every platform channel against its emulator over real HTTP: looking up, sharing, taking down, measuring."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from campaign.errors import (
    CannotLook,
    CredentialDead,
    Refused,
    Unknown,
)
from campaign.ports import Draft, Media, Message

NAMES = ("x", "facebook", "linkedin")
WORDS = "The conversation on SEND reform is open: have your say (it takes 5 minutes) & pass it on.\n\n#SENDreform"
VIEWS = "https://www.gov.uk/dfe/SEND-conversation?a=1&b=2"

Build = Callable[..., Any]
Pictures = Callable[[int], tuple[Media, ...]]

pytestmark = pytest.mark.parametrize("name", NAMES)


def message(name: str, words: str = WORDS, **more: Any) -> Message:
    return Message(name, words, **more)


def composed(play: Any, **draft: Any) -> Message:
    made: Message = play.channel.compose(Draft(**draft), "k3j9x2ab")
    return made


def test_a_post_with_images_is_found_by_its_uploads_whatever_its_words_became(
    stage: Build, name: str, watch: Any, pictures: Pictures
) -> None:
    play, images = stage(name), pictures(2)
    receipt = play.channel.publish(play.who, message(name, media=images), watch)
    evidence = play.evidence(message(name, "other words"), media_ids=tuple(watch.kept), control_id=receipt.external_id)
    sighting = play.channel.find(play.who, evidence)
    assert [match.external_id for match in sighting.matches] == [receipt.external_id]
    assert sighting.control_seen


def test_an_image_whose_file_was_replaced_after_approval_goes_to_nobody(
    stage: Build, name: str, watch: Any, pictures: Pictures
) -> None:
    play, (image, other) = stage(name), pictures(2)
    image.path.write_bytes(other.path.read_bytes())
    with pytest.raises(Refused, match=f"the file of the image {image.digest[:12]} is not the one that was approved"):
        play.channel.publish(play.who, message(name, media=(image,)), watch)
    assert play.ledger() == []


def test_ids_of_other_rows_are_never_adopted(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    receipt = play.channel.publish(play.who, message(name), watch)
    evidence = play.evidence(message(name), known_ids=frozenset({receipt.external_id}), control_id=receipt.external_id)
    assert play.channel.find(play.who, evidence).matches == ()


def test_a_listing_that_lags_does_not_show_the_control(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    control = play.channel.publish(play.who, message(name), watch)
    play.goes_wrong("stale-list", "list")
    sighting = play.channel.find(play.who, play.evidence(message(name), control_id=control.external_id))
    assert (sighting.matches, sighting.control_seen) == ((), False)


def test_without_a_control_a_good_listing_and_a_good_account_will_do(stage: Build, name: str) -> None:
    play = stage(name)
    sighting = play.channel.find(play.who, play.evidence(message(name)))
    assert (sighting.matches, sighting.control_seen) == ((), True)


@pytest.mark.parametrize(
    "kind", ["drop-before-store", "5xx-before-store", "edge-404", "429", "dead-token", "html-2xx", "truncated"]
)
def test_a_look_that_fails_proves_nothing(stage: Build, name: str, kind: str) -> None:
    play = stage(name)
    play.goes_wrong(kind, "list")
    with pytest.raises(CannotLook) as told:
        play.channel.find(play.who, play.evidence(message(name)))
    assert not told.value.permanent


def test_a_share_passes_on_the_post_of_another_account_and_is_found_again(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    original = play.as_account("2002")
    source = original.channel.publish(original.who, message(name), watch)
    control = play.channel.publish(play.who, message(name, "Of our own"), watch)
    share = message(name, "" if name == "x" else "Worth your time", share_of=source.external_id)
    play.goes_wrong("store-then-drop")
    with pytest.raises(Unknown):
        play.channel.publish(play.who, share, watch)
    play.box.world.faults.replace(())
    assert play.ledger()[-1]["share_of"] == source.external_id
    sighting = play.channel.find(play.who, play.evidence(share, control_id=control.external_id))
    assert (len(sighting.matches), sighting.control_seen) == (1, True)
    play.channel.retract(play.who, sighting.matches[0].external_id)
    assert len(play.ledger()) == 2


def test_a_post_is_taken_down_and_a_second_time_is_no_fault(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    receipt = play.channel.publish(play.who, message(name), watch)
    play.channel.retract(play.who, receipt.external_id)
    assert play.ledger() == []
    play.channel.retract(play.who, receipt.external_id)


@pytest.mark.parametrize("kind", ["edge-404", "5xx-before-store"])
def test_only_the_platforms_own_word_says_that_a_post_is_gone(stage: Build, name: str, watch: Any, kind: str) -> None:
    play = stage(name)
    receipt = play.channel.publish(play.who, message(name), watch)
    play.goes_wrong(kind, "delete")
    with pytest.raises(Unknown):
        play.channel.retract(play.who, receipt.external_id)
    assert len(play.ledger()) == 1


def test_figures_that_an_edge_answers_with_404_are_not_taken_for_none(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    receipt = play.channel.publish(play.who, message(name), watch)
    play.goes_wrong("edge-404", "measure")
    with pytest.raises(Unknown):
        play.channel.measure(play.who, [receipt.external_id])


def test_figures_are_those_that_the_platform_counts(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    play.box.world.speed = 1e9
    first = play.channel.publish(play.who, message(name, "one"), watch).external_id
    second = play.channel.publish(play.who, message(name, "two"), watch).external_id
    measured = play.channel.measure(play.who, [first, second])
    assert set(measured) == {first, second}
    for post_id, figures in measured.items():
        truth = play.box.world.figures(play.box.world.post(name, post_id))
        assert figures.impressions == truth.impressions
        assert figures.comments == truth.comments
        assert figures.shares == truth.shares
        assert figures.reactions == truth.reactions
        assert figures.clicks == truth.clicks
        assert figures.reach == (None if name == "x" else truth.reach)


def test_a_post_that_is_gone_has_no_figures_and_spoils_no_others(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    play.box.world.speed = 1e9
    kept = play.channel.publish(play.who, message(name, "one"), watch).external_id
    gone = play.channel.publish(play.who, message(name, "two"), watch).external_id
    play.channel.retract(play.who, gone)
    assert set(play.channel.measure(play.who, [gone, kept])) == {kept}


def test_verify_says_who_it_is_and_that_posts_can_be_looked_up(stage: Build, name: str) -> None:
    standing = stage(name).channel.verify(stage(name).who)
    assert standing.can_find
    assert standing.note == ""


def test_verify_with_a_dead_token_says_so(stage: Build, name: str) -> None:
    play = stage(name)
    play.goes_wrong("dead-token", "*")
    with pytest.raises(CredentialDead):
        play.channel.verify(play.who)


@pytest.mark.parametrize("odd", ["\u200b", "\n", "é"])
def test_a_token_that_nobody_can_have_given_stops_the_account_and_nothing_is_asked(
    stage: Build, name: str, watch: Any, odd: str
) -> None:
    play = stage(name)
    token = play.who.credentials["access_token"]
    who = replace(play.who, credentials={**play.who.credentials, "access_token": f"{token}{odd}"})
    for call in (lambda: play.channel.publish(who, message(name), watch), lambda: play.channel.verify(who)):
        with pytest.raises(CredentialDead, match=r"U\+") as told:
            call()
        assert token not in str(told.value)
    assert (watch.checks, play.ledger()) == (0, [])


def test_a_link_is_shown_and_a_card_carries_the_token(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    words = f"{WORDS}\n\n{VIEWS}" if name == "x" else WORDS
    made = composed(play, words=words, link=VIEWS, link_title="Have your say")
    receipt = play.channel.publish(play.who, made, watch)
    (line,) = play.ledger()
    if name == "x":
        assert VIEWS in line["text"]
        assert made.link is None
    else:
        assert line["link"] == f"{VIEWS}&utm_content=k3j9x2ab"
    other = message(name, words if name == "x" else "words changed on the way", link=made.link)
    sighting = play.channel.find(play.who, play.evidence(other, control_id=receipt.external_id))
    assert [match.external_id for match in sighting.matches] == [receipt.external_id]
