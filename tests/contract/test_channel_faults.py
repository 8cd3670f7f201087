"""Every platform channel against its emulator over real HTTP: what is published arrives, what fails is told apart.

What each fault of a create comes to is in test_channel_matrix.py.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from campaign.clock import SystemClock
from campaign.errors import (
    AccountBlocked,
    Duplicate,
    NeverSent,
    Refused,
    Stopped,
    Wait,
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


def test_words_arrive_as_they_were_written(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    receipt = play.channel.publish(play.who, message(name), watch)
    (line,) = play.ledger()
    assert line["id"] == receipt.external_id
    assert play.box.world.post(name, receipt.external_id) is not None
    assert watch.checks == 1
    assert receipt.url.startswith("https://")
    assert receipt.at is None or abs(receipt.at - SystemClock().now()) < timedelta(seconds=30)


def test_four_images_arrive_with_their_alt_texts_after_their_ids_were_kept(
    stage: Build, name: str, watch: Any, pictures: Pictures
) -> None:
    play, images = stage(name), pictures(4)
    play.channel.publish(play.who, message(name, media=images), watch)
    (line,) = play.ledger()
    assert [item["alt"] for item in line["media"]] == [image.alt for image in images]
    assert [item["id"].rpartition("_")[2] for item in line["media"]] == [key.rpartition("_")[2] for key in watch.kept]
    uploads = [play.box.world.media(name, item["id"]) for item in line["media"]]
    assert [upload.data for upload in uploads] == [image.path.read_bytes() for image in images]


def test_one_image_arrives_with_its_alt_text(stage: Build, name: str, watch: Any, pictures: Pictures) -> None:
    play, images = stage(name), pictures(1)
    play.channel.publish(play.who, message(name, media=images), watch)
    (line,) = play.ledger()
    assert [item["alt"] for item in line["media"]] == [images[0].alt]


def test_a_throttle_says_until_when(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    play.goes_wrong("429", seconds=600)
    with pytest.raises(Wait) as told:
        play.channel.publish(play.who, message(name), watch)
    now = SystemClock().now()
    until = told.value.until or now + (told.value.after or timedelta(0))
    assert until > now + timedelta(seconds=60)
    assert play.ledger() == []


def test_a_throttle_without_a_time_waits_as_long_as_the_settings_say(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    play.goes_wrong("429-no-reset")
    with pytest.raises(Wait) as told:
        play.channel.publish(play.who, message(name), watch)
    assert told.value.after == timedelta(seconds=90)
    assert told.value.until is None


@pytest.mark.parametrize("kind", ["drop-before-store", "store-then-5xx", "store-then-drop", "empty-2xx"])
def test_trouble_with_an_upload_is_never_sent_and_may_be_repeated(
    stage: Build, name: str, watch: Any, pictures: Pictures, kind: str
) -> None:
    play, images = stage(name), pictures(2)
    play.goes_wrong(kind, "upload", nth=(1,))
    with pytest.raises(NeverSent):
        play.channel.publish(play.who, message(name, media=images), watch)
    assert watch.kept == []
    play.channel.publish(play.who, message(name, media=images), watch)
    assert len(play.ledger()) == 1


def test_a_shut_gate_stops_the_post_before_the_wire(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    watch.shuts_at, watch.stop = 1, Stopped("hold")
    with pytest.raises(Stopped) as told:
        play.channel.publish(play.who, message(name), watch)
    assert told.value is watch.stop
    assert play.ledger() == []
    assert play.box.world.faults.report()["calls"] == {}


def test_a_gate_that_shuts_after_the_uploads_leaves_nothing_to_be_seen(
    stage: Build, name: str, watch: Any, pictures: Pictures
) -> None:
    open_all_the_way = type(watch)()
    play, images = stage(name), pictures(1)
    play.channel.publish(play.who, message(name, "first", media=images), open_all_the_way)
    watch.shuts_at, watch.stop = open_all_the_way.checks, Stopped("hold")
    with pytest.raises(Stopped):
        play.channel.publish(play.who, message(name, media=images), watch)
    assert len(watch.kept) == 1
    assert len(play.ledger()) == 1


def test_the_same_words_twice_are_a_duplicate(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    play.channel.publish(play.who, message(name), watch)
    with pytest.raises(Duplicate):
        play.channel.publish(play.who, message(name), watch)
    assert len(play.ledger()) == 1


def test_a_refusal_is_final(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    too_long = "word " * 20_000
    with pytest.raises(Refused):
        play.channel.publish(play.who, message(name, too_long), watch)
    assert play.ledger() == []


def test_nobody_home_is_never_sent(stage: Build, name: str, watch: Any) -> None:
    play = stage(name)
    play.box.stop()
    with pytest.raises(NeverSent) as told:
        play.channel.publish(play.who, message(name), watch)
    assert not isinstance(told.value, (Stopped, AccountBlocked))
