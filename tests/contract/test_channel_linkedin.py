"""The channel LinkedIn against its emulator: what is peculiar to LinkedIn."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaign.channels._little import to_little, visible
from campaign.clock import SystemClock
from campaign.errors import AccountBlocked, CannotLook, CredentialDead, Duplicate, NeverSent, Stranger
from campaign.ports import Draft, Media, Message

Build = Callable[..., Any]
Pictures = Callable[[int], tuple[Media, ...]]
EVERY_SIGN = r"All of | { } @ [ ] ( ) < > # \ * _ ~ stand; C#, a_b, (x) and #SEND #early_years end here."


def test_reserved_signs_do_not_cut_the_post(stage: Build, watch: Any) -> None:
    play = stage("linkedin")
    receipt = play.channel.publish(play.who, Message("linkedin", EVERY_SIGN), watch)
    post = play.box.world.post("linkedin", receipt.external_id)
    assert post.text.endswith("end here.")
    assert visible(to_little(EVERY_SIGN)) == EVERY_SIGN
    sighting = play.channel.find(play.who, play.evidence(Message("linkedin", EVERY_SIGN)))
    assert [match.external_id for match in sighting.matches] == [receipt.external_id]


def test_a_mention_stays_a_mention(stage: Build, watch: Any) -> None:
    play = stage("linkedin")
    words = "Ask @[Partner 2002](urn:li:organization:2002) (or us)"
    receipt = play.channel.publish(play.who, Message("linkedin", words), watch)
    post = play.box.world.post("linkedin", receipt.external_id)
    assert "(or us)" in visible(post.text)
    sighting = play.channel.find(play.who, play.evidence(Message("linkedin", words)))
    assert [match.external_id for match in sighting.matches] == [receipt.external_id]


def test_an_account_that_may_only_write_cannot_be_looked_up_for_good(stage: Build, watch: Any) -> None:
    play = stage("linkedin").as_account("2002")
    play.channel.publish(play.who, Message("linkedin", "words"), watch)
    with pytest.raises(CannotLook) as told:
        play.channel.find(play.who, play.evidence(Message("linkedin", "words")))
    assert told.value.permanent
    standing = play.channel.verify(play.who)
    assert not standing.can_find
    assert "cannot be listed" in standing.note


def test_a_duplicate_names_the_post_that_is_there(stage: Build, watch: Any) -> None:
    play = stage("linkedin")
    first = play.channel.publish(play.who, Message("linkedin", "words"), watch)
    with pytest.raises(Duplicate) as told:
        play.channel.publish(play.who, Message("linkedin", "words"), watch)
    assert told.value.external_id == first.external_id


def test_a_version_that_has_ended_stops_the_account_for_a_while_and_nothing_is_posted(stage: Build, watch: Any) -> None:
    play = stage("linkedin", version="202411")
    with pytest.raises(AccountBlocked, match=r"426.*channels\.linkedin\.version"):
        play.channel.publish(play.who, Message("linkedin", "words"), watch)
    assert play.ledger() == []


def test_an_image_that_does_not_get_ready_leaves_the_post_unsent(stage: Build, watch: Any, pictures: Pictures) -> None:
    play = stage("linkedin", image_wait="0s")
    play.box.world.switches["linkedin.processing"] = 60
    with pytest.raises(NeverSent, match="not ready"):
        play.channel.publish(play.who, Message("linkedin", "words", media=pictures(1)), watch)
    assert play.ledger() == []


def test_the_card_carries_title_and_token(stage: Build, watch: Any) -> None:
    play = stage("linkedin")
    made = play.channel.compose(Draft("words", link="https://www.gov.uk/a", link_title="Have your say"), "k3j9x2ab")
    play.channel.publish(play.who, made, watch)
    (line,) = play.ledger()
    assert line["link"] == "https://www.gov.uk/a?utm_content=k3j9x2ab"
    assert line["link_title"] == "Have your say"


def test_a_long_address_without_a_title_goes_out_whole_under_a_cut_title(stage: Build, watch: Any) -> None:
    play, link = stage("linkedin"), f"https://www.gov.uk/a?{'q' * 400}"
    play.channel.publish(play.who, play.channel.compose(Draft("words", link=link), "k3j9x2ab"), watch)
    (line,) = play.ledger()
    assert line["link"] == f"{link}&utm_content=k3j9x2ab"
    assert line["link_title"] == link[:400]


def test_a_control_further_back_than_one_page_is_looked_for(stage: Build, watch: Any) -> None:
    play = stage("linkedin")
    ids = [play.channel.publish(play.who, Message("linkedin", f"words {n}"), watch).external_id for n in range(53)]
    sighting = play.channel.find(play.who, play.evidence(Message("linkedin", "words 52"), control_id=ids[0]))
    assert [match.external_id for match in sighting.matches] == [ids[-1]]
    assert sighting.control_seen


def test_young_posts_fail_the_list_of_statistics_but_not_the_measuring(stage: Build, watch: Any) -> None:
    play = stage("linkedin")
    receipt = play.channel.publish(play.who, Message("linkedin", "words"), watch)
    play.box.world.switches["linkedin.statistics_delay"] = 3600
    assert play.channel.measure(play.who, [receipt.external_id]) == {}


def test_a_renewal_gives_a_token_that_works(stage: Build, watch: Any) -> None:
    play = stage("linkedin")
    fresh = play.channel.renew(play.who.credentials)
    assert fresh["access_token"] != play.who.credentials["access_token"]
    assert play.channel.renews_at(fresh) > SystemClock().now() + timedelta(days=30)
    again = type(play.who)(
        **{**{name: getattr(play.who, name) for name in play.who.__dataclass_fields__}, "credentials": fresh}
    )
    play.channel.publish(again, Message("linkedin", "words"), watch)
    with pytest.raises(CredentialDead):
        play.channel.renew({**fresh, "refresh_token": "spent"})


def test_the_compose_page_gets_the_words_as_a_reader_sees_them(stage: Build) -> None:
    play = stage("linkedin")
    message = Message("linkedin", "Ask @[DfE](urn:li:organization:1) now", link="https://www.gov.uk/a")
    url = play.channel.compose_url(play.who, message)
    assert url.endswith("&text=Ask%20DfE%20now%0A%0Ahttps%3A%2F%2Fwww.gov.uk%2Fa")


def test_verify_refuses_a_token_whose_member_writes_for_other_pages(stage: Build) -> None:
    play = stage("linkedin")
    with pytest.raises(Stranger, match="1001"):
        play.channel.verify(replace(play.who, external_id="2002"))


def test_verify_of_a_token_that_may_only_write_says_what_it_cannot(stage: Build) -> None:
    play = stage("linkedin").as_account("2002")
    standing = play.channel.verify(play.who)
    assert (standing.can_find, "cannot be listed" in standing.note) == (False, True)
