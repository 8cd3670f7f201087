"""How posts are recognised: tokens in links, words read back from X, little text, and the discovery of channels."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from campaign.channels import load_channels
from campaign.channels._little import to_little, visible
from campaign.channels._words import carded, squeezed, token_in, with_token
from campaign.channels._x_looking import in_one_form, shown
from campaign.errors import WrongUse
from campaign.ports import Bulk, ByHand, Draft, Finds, Measures, Media, Renews, Retracts, Verifies


@given(some.text())
def test_little_text_reads_back_as_it_was_written(text: str) -> None:
    # A hashtag template or a mention typed by hand is an element, not words.
    if "@[" not in text and "{hashtag" not in text:
        assert visible(to_little(text)) == text


@given(some.text(alphabet="ab |{}@[]()<>#\\*_~"))
def test_no_reserved_sign_stands_bare_outside_a_hashtag(text: str) -> None:
    little = to_little(text)
    place, bare = 0, []
    while place < len(little):
        if little[place] == "\\":
            place += 2
            continue
        if little[place] in "|{}@[]()<>#*_~":
            bare.append(place)
        place += 1
    assert all(little[here] == "#" and (here == 0 or little[here - 1] == " ") for here in bare)


def test_a_mention_and_a_hashtag_stay_elements_and_all_else_is_escaped() -> None:
    text = "Ask @[The DfE](urn:li:organization:7) (now) #SEND C# #a_b"
    assert to_little(text) == r"Ask @[The DfE](urn:li:organization:7) \(now\) #SEND C\# \#a\_b"
    assert visible(to_little(text)) == "Ask The DfE (now) #SEND C# #a_b"
    assert visible(r"{hashtag|\#|SEND} now") == "#SEND now"


@pytest.mark.parametrize(
    ("link", "tokened"),
    [
        ("https://a.uk", "https://a.uk?utm_content=t1"),
        ("https://a.uk/p?x=1&y=%20#f", "https://a.uk/p?x=1&y=%20&utm_content=t1#f"),
        ("https://a.uk/?utm_content=old&x=1", "https://a.uk/?x=1&utm_content=t1"),
    ],
)
def test_a_token_is_added_and_nothing_else_is_touched(link: str, tokened: str) -> None:
    assert with_token(link, "t1") == tokened
    assert token_in(tokened) == "t1"


def test_no_link_has_no_token() -> None:
    assert token_in(None) is None
    assert token_in("https://[broken") is None
    assert token_in("https://a.uk/?x=1") is None


def test_a_share_has_no_card_of_its_own() -> None:
    made = carded("facebook", Draft("Worth it", link="https://a.uk", share_of="launch@dfe"), "t1")
    assert (made.text, made.link, made.share_of) == ("Worth it", None, "launch@dfe")


SEND = "https://www.gov.uk/dfe/SEND"
IMAGE = Media("d" * 64, "image/png", "Our class", Path("a.png"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (f"Read {SEND}-conversation first.", False),
        (f"Read {SEND}/more or {SEND}?a=1, {SEND}.pdf, {SEND}2, {SEND}#top", False),
        (f"Read https://a.uk/?u={SEND}", False),
        (f"Read {SEND}", True),
        (f"Read {SEND}.", True),
        (f"Read ({SEND}), then answer", True),
        (f"“{SEND}”: read it", True),
        (f"{SEND}/ and {SEND}-conversation", True),
        (f"Read {SEND}-conversation and {SEND}!", True),
        (f"Have you read {SEND}? Do.", True),
    ],
)
def test_beside_images_the_link_goes_into_words_that_do_not_hold_it_whole(words: str, *, told: bool) -> None:
    made = carded("facebook", Draft(words, link=SEND, media=(IMAGE,)), "t1")
    assert made.text == (words if told else f"{words}\n\n{SEND}")


def test_words_are_compared_composed_and_with_single_blanks() -> None:
    assert squeezed("cafe\u0301 \n\n open ") == "caf\u00e9 open"


def test_x_reads_back_as_sent() -> None:
    sent = "Fish & chips < 5? See Example.org, https://www.gov.uk/a?b=1&c=2 and #SEND"
    post = {
        "id": "1",
        "text": "Fish &amp; chips &lt; 5? See https://t.co/a, https://t.co/ab and #SEND https://t.co/pic",
        "attachments": {"media_keys": ["3_77", "13_78"]},
        "entities": {
            "urls": [
                {"url": "https://t.co/a", "expanded_url": "http://example.org/"},
                {"url": "https://t.co/ab", "expanded_url": "https://www.gov.uk/a?b=1&c=2"},
                {"url": "https://t.co/pic", "expanded_url": "https://x.com/oak/status/1/photo/1", "media_key": "3_77"},
            ]
        },
    }
    read = shown(post)
    assert read.words == in_one_form(sent)
    assert read.media_ids == {"77", "78"}


def test_a_long_post_is_read_from_its_note_in_both_spellings() -> None:
    for spelling in ("note_tweet", "note_post"):
        post = {"id": "1", "text": "cut…", spelling: {"text": "the whole of it"}}
        assert shown(post).words == "the whole of it"


def test_a_repost_is_known_by_what_it_passes_on_in_both_spellings() -> None:
    for spelling in ("referenced_tweets", "referenced_posts"):
        post = {"id": "9", "text": "RT", spelling: [{"type": "quoted", "id": "3"}, {"type": "retweeted", "id": "4"}]}
        assert shown(post).key == "rt:4"


def test_every_platform_is_there_with_its_powers() -> None:
    found = load_channels()
    assert {"x", "facebook", "linkedin"} <= set(found)
    for name in ("x", "facebook", "linkedin"):
        channel: object = found[name].from_settings(found[name].settings_type())
        powers = [power for power in (Finds, Measures, Retracts, Verifies, ByHand) if isinstance(channel, power)]
        assert len(powers) == 5
        assert isinstance(channel, Renews) == (name != "facebook")
        assert not isinstance(channel, Bulk)


GOOD = """
from campaign.channels.x import X
class Mine(X):
    name = "mine"
CHANNEL = Mine
"""


def _package(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> str:
    name = f"channels_of_{folder.name}"
    package = folder / name
    package.mkdir()
    (package / "__init__.py").write_text("")
    for module, text in modules.items():
        (package / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return name


def test_a_dropped_in_file_is_a_channel_and_a_private_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = load_channels(_package(tmp_path, monkeypatch, mine=GOOD, _private="raise RuntimeError"))
    assert list(found) == ["mine"]


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        ({"broken": "import nothing_of_the_kind"}, "broken cannot be imported"),
        ({"empty": ""}, "no CHANNEL"),
        ({"half": "class Half:\n    name = 'half'\nCHANNEL = Half"}, "lacks title"),
        ({"one": GOOD, "two": GOOD}, "two channels are named 'mine'"),
    ],
)
def test_a_channel_that_is_none_stops_the_program_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modules: dict[str, str], words: str
) -> None:
    with pytest.raises(WrongUse, match=words):
        load_channels(_package(tmp_path, monkeypatch, **modules))
