"""The local world: what it keeps, how it fails on purpose, and what its pages show."""

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
import requests
from PIL import Image

from campaign.clock import SystemClock
from campaign.errors import BadInput, WrongUse
from campaign.sandbox.accounts import SandboxAccount, load_accounts
from campaign.sandbox.faults import KINDS, Fault, Faults, parse_faults, read_faults
from campaign.sandbox.growth import grown
from campaign.sandbox.server import Sandbox, run_sandbox
from campaign.sandbox.world import Mail, Post, PostMedia, Upload, World

NOON = datetime(2025, 12, 2, 12, 0, tzinfo=UTC)
OAK = SandboxAccount("x", "1001", "@oakschool", "oak", "Oak <School>", credentials={"access_token": "oak-token"})
COUNCIL = SandboxAccount("linkedin", "urn:li:organization:7", "elm-council", "elm", "Elm Council")


class SetClock:
    """A clock that stands where the test puts it."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def wait(self, event: Event, seconds: float) -> bool:
        return event.wait(seconds)


def post(number: int, at: datetime = NOON, share_of: str | None = None) -> Post:
    return Post("x", "1001", str(number), f"words {number}", at, share_of=share_of)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(accounts=[OAK, COUNCIL]) as running:
        yield running


# --- state ---------------------------------------------------------------------------------------------------------


def test_a_process_that_dies_at_once_loses_nothing_it_stored(tmp_path: Path) -> None:
    script = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from campaign.clock import SystemClock
from campaign.sandbox.world import Post, World
world = World(Path(sys.argv[1]), SystemClock())
for number in range(50):
    world.add_post(Post("x", "1001", str(number), "words", datetime.now(UTC)))
world.add_mail("a@example.org", ["b@example.org"], b"Subject: x\\r\\n\\r\\ny")
world.keep("token", {"a": 1})
os.kill(os.getpid(), 9)
"""
    died = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, env={**os.environ})  # noqa: S603 - our own words
    assert died.returncode == -9
    world = World(tmp_path, SystemClock())
    assert len(world.posts("x", "1001")) == 50
    assert world.mail_count() == 1
    assert world.recall("token") == {"a": 1}
    world.close()


def test_posts_come_newest_first_and_deleted_ones_are_gone_from_reads_only() -> None:
    world = World(None, SetClock())
    for number in range(3):
        world.add_post(post(number, NOON - timedelta(minutes=9 - number)))
    assert world.delete_post("x", "1")
    assert not world.delete_post("x", "1")
    assert [found.id for found in world.posts("x", "1001")] == ["2", "0"]
    assert world.post("x", "1") is None
    assert [found.id for found in world.stored("x", "1001")] == ["2", "1", "0"]
    world.close()


def test_a_post_made_under_read_lag_appears_later_but_stands_in_the_ledger_at_once() -> None:
    clock = SetClock()
    world = World(None, clock)
    with world.lagging(new_posts=timedelta(seconds=30)):
        world.add_post(post(1))
    assert world.posts("x", "1001") == []
    assert world.post("x", "1") is None
    assert [line["id"] for line in world.ledger()] == ["1"]
    clock.at += timedelta(seconds=31)
    assert [found.id for found in world.posts("x", "1001")] == ["1"]
    world.close()


def test_a_stale_listing_hides_what_had_been_visible() -> None:
    clock = SetClock()
    world = World(None, clock)
    world.add_post(post(1))
    world.add_post(post(2, NOON + timedelta(minutes=10)))
    clock.at += timedelta(minutes=20)
    with world.lagging(reads=timedelta(minutes=15)):
        assert [found.id for found in world.posts("x", "1001")] == ["1"]
    assert [found.id for found in world.posts("x", "1001")] == ["2", "1"]
    world.close()


def test_a_stored_post_comes_back_as_it_was() -> None:
    world = World(None, SetClock())
    whole = Post(
        *("x", "1001", "5", "a &amp; b", NOON, "a & b", "https://www.gov.uk", "Views"),
        media=(PostMedia("9", "Two pupils"),),
        mark="a & b",
        extra={"urls": [1]},
    )
    world.add_post(whole)
    assert world.post("x", "5") == whole
    assert world.marked("x", "1001", "a & b") == [whole]
    assert world.marked("x", "1001", "other") == []
    world.close()


def test_snowflakes_rise_strictly_even_when_the_clock_stands_or_falls_back() -> None:
    clock = SetClock()
    world = World(None, clock)
    first, second = world.snowflake("x", 1288834974657), world.snowflake("x", 1288834974657)
    clock.at -= timedelta(hours=1)
    third = world.snowflake("x", 1288834974657)
    assert first < second < third
    assert (first >> 22) + 1288834974657 == int(NOON.timestamp() * 1000)
    world.close()


def test_changes_made_together_are_undone_together() -> None:
    world = World(None, SetClock())

    def store_the_same_twice() -> None:
        with world.together():
            world.add_post(post(1))
            world.add_post(post(1))

    with pytest.raises(sqlite3.IntegrityError):
        store_the_same_twice()
    assert world.stored("x") == []
    world.close()


def test_figures_never_fall_level_off_and_differ_by_post() -> None:
    ages = [timedelta(hours=hours) for hours in (0, 1, 6, 24, 96, 400, 900)]
    rows = [grown("seed", "77", age) for age in ages]
    views = [row.impressions or 0 for row in rows]
    assert views == sorted(views)
    assert views[0] == 0
    assert 0 < views[2] < views[4]
    assert views[-1] == pytest.approx(views[-2], abs=1)
    assert all((row.reach or 0) <= (row.impressions or 0) for row in rows)
    assert grown("seed", "77", ages[3]) == rows[3]
    assert grown("seed", "78", ages[3]) != rows[3]
    assert grown("seed", "77", ages[1], speed=24) == rows[3]


def test_shares_made_in_the_world_count_in_the_figures() -> None:
    world = World(None, SetClock())
    original = world.add_post(post(1))
    assert world.figures(original).shares == 0
    world.add_post(post(2, share_of="1"))
    assert world.figures(original).shares == 1
    world.close()


def test_the_ledger_shows_a_mail_with_its_words_and_sender() -> None:
    world = World(None, SetClock())
    world.add_mail("bounce+1@example.org", ["kit@example.org"], b"From: Oak <news@oak.example>\nSubject: Hi\n\nWords")
    (line,) = world.ledger()
    assert (line["account"], line["to"], line["subject"]) == ("news@oak.example", ["kit@example.org"], "Hi")
    assert str(line["text"]).strip() == "Words"
    assert isinstance(world.mail("1"), Mail)
    world.close()


# --- faults --------------------------------------------------------------------------------------------------------


def test_a_fault_strikes_on_its_numbered_calls_only() -> None:
    faults = Faults([Fault("429", "x", "create", nth=(2, 3), times=1)])
    met = [faults.next("x", "create") is not None for _ in range(4)]
    assert met == [False, True, False, False]
    assert faults.next("x", "list") is None
    assert faults.report()["calls"] == {"x.create": 4, "x.list": 1}


def test_a_rate_strikes_its_share_and_the_same_calls_each_time() -> None:
    def strikes() -> list[int]:
        faults = Faults([Fault("429", rate=0.3, seed=7)])
        return [call for call in range(1000) if faults.next("x", "create")]

    assert strikes() == strikes()
    assert 240 < len(strikes()) < 360


def test_a_plan_reads_from_toml_and_from_json_alike(tmp_path: Path) -> None:
    toml, plain = tmp_path / "plan.toml", tmp_path / "plan.json"
    toml.write_text('[[fault]]\nchannel = "x"\nendpoint = "create"\nkind = "429"\nnth = 2\nseconds = 3\n')
    plain.write_text('{"faults": [{"channel": "x", "endpoint": "create", "kind": "429", "nth": [2], "seconds": 3}]}')
    assert read_faults(toml) == read_faults(plain) == (Fault("429", "x", "create", (2,), seconds=3),)


@pytest.mark.parametrize(
    "plan", [[{"kind": "bad"}], [{"kind": "429", "chanel": "x"}], "x", [3], [{"kind": "429", "rate": "often"}]]
)
def test_a_plan_with_an_error_is_refused_by_name(plan: object) -> None:
    with pytest.raises(BadInput):
        parse_faults(plan)


# --- accounts ------------------------------------------------------------------------------------------------------


def test_accounts_come_from_the_csv_with_credentials_by_reference(tmp_path: Path) -> None:
    (tmp_path / "oak.json").write_text('{"access_token": "t", "scopes": ["tweet.read", "users.read"]}')
    listed = tmp_path / "accounts.csv"
    listed.write_text(
        "partner,channel,handle,external_id,mode,credentials\n"
        "oak,x,@oak,1001,api,file:oak.json\nelm,linkedin,elm,7,api,env:ELM\nash,facebook,ash,9,hand,\n"
    )
    oak, elm, ash = load_accounts(listed, {"ELM": '{"access_token": "e"}'})
    assert oak.credentials["access_token"] == "t"
    assert oak.may("users.read")
    assert not oak.may("tweet.write")
    assert elm.may("anything")
    assert (ash.mode, ash.credentials) == ("hand", {})
    assert "access_token" not in repr(oak)


def test_a_bad_row_is_named_with_its_line(tmp_path: Path) -> None:
    listed = tmp_path / "accounts.csv"
    listed.write_text("partner,channel,handle,external_id,mode,credentials\noak,x,@oak,1001,api,env:NOT_THERE\n")
    with pytest.raises(BadInput, match=r"accounts\.csv:2: credentials"):
        load_accounts(listed, {})


def test_the_accounts_are_read_again_when_the_file_changes(tmp_path: Path) -> None:
    listed = tmp_path / "accounts.csv"
    (tmp_path / "oak.json").write_text('{"access_token": "late-token"}')
    with Sandbox(accounts=listed) as box:
        ask = {"Authorization": "Bearer late-token"}
        assert requests.get(f"{box.x_url}/2/users/me", headers=ask, timeout=5).status_code == 401
        listed.write_text("partner,channel,handle,external_id,mode,credentials\noak,x,@oak,1001,api,file:oak.json\n")
        assert requests.get(f"{box.x_url}/2/users/me", headers=ask, timeout=5).json()["data"]["id"] == "1001"
        listed.write_text("partner,channel\n")
        assert requests.get(f"{box.x_url}/2/users/me", headers=ask, timeout=5).status_code == 200


# --- the wire ------------------------------------------------------------------------------------------------------

BEFORE = (
    "drop-before-store",
    "5xx-before-store",
    "silence-before-store",
    "edge-403",
    "edge-404",
    "429",
    "429-no-reset",
)
REFUSED = ("dead-token", "no-permission", "stale-duplicate", "out-of-credits")
ELSEWHERE = ("policy-block", "version-sunset", "tempfail", "permfail", "drop-after-dot")
STORED = sorted(set(KINDS) - {*BEFORE, *REFUSED, *ELSEWHERE})


def create(box: Sandbox, text: str, timeout: float = 5) -> requests.Response:
    head = {"Authorization": "Bearer oak-token"}
    return requests.post(f"{box.x_url}/2/tweets", json={"text": text}, headers=head, timeout=timeout)


@pytest.mark.parametrize("kind", STORED)
def test_faults_after_the_store_leave_exactly_one_post(box: Sandbox, kind: str) -> None:
    box.world.faults.replace([Fault(kind, "x", "create", seconds=0.3)])
    try:
        answer = create(box, "Once")
    except requests.RequestException:
        answer = None
    assert [line["text"] for line in box.world.ledger()] == ["Once"]
    applied = requests.get(f"{box.base_url}/faults", timeout=5).json()["applied"]
    assert applied == {f"x.create.{kind}": 1}
    assert answer is None or kind not in {"store-then-drop", "cut-body"}


@pytest.mark.parametrize("kind", [*BEFORE, *REFUSED])
def test_faults_before_the_store_leave_none(box: Sandbox, kind: str) -> None:
    box.world.faults.replace([Fault(kind, "x", "create", seconds=0.3, times=1)])
    try:
        assert create(box, "Never").status_code >= 400
    except requests.ConnectionError:
        assert kind in {"drop-before-store", "silence-before-store"}
    assert box.world.ledger() == []
    assert create(box, "Never").status_code == 201


def test_what_only_another_platform_says_is_not_applied(box: Sandbox) -> None:
    box.world.faults.replace([Fault("version-sunset", "x", "create")])
    assert create(box, "Once").status_code == 201
    assert box.world.faults.report()["applied"] == {}


def test_a_dropped_connection_looks_like_one_to_requests(box: Sandbox) -> None:
    box.world.faults.replace([Fault("store-then-drop", "x", "create")])
    with pytest.raises(requests.ConnectionError, match=r"RemoteDisconnected|reset"):
        create(box, "Dropped")


def test_a_body_cut_half_way_looks_like_one_to_requests(box: Sandbox) -> None:
    box.world.faults.replace([Fault("cut-body", "x", "create")])
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        create(box, "Cut")


def test_mangled_answers_are_mangled_as_named(box: Sandbox) -> None:
    def answer(kind: str) -> requests.Response:
        box.world.faults.replace([Fault(kind, "x", "create")])
        return create(box, kind)

    assert answer("empty-2xx").content == b""
    assert answer("html-2xx").headers["content-type"].startswith("text/html")
    assert "content-type" not in answer("no-content-type").headers
    assert "id" not in answer("id-less-2xx").json()["data"]
    with pytest.raises(requests.JSONDecodeError):
        answer("truncated").json()


def test_an_answer_later_than_the_timeout_is_a_read_timeout_and_holds_up_nobody(box: Sandbox) -> None:
    box.world.faults.replace([Fault("store-then-delay", "x", "create", seconds=30, times=1)])
    with pytest.raises(requests.ReadTimeout):
        create(box, "Late", timeout=0.3)
    assert create(box, "Quick", timeout=2).status_code == 201


def test_a_refusal_is_not_spoilt_by_a_fault_that_needs_a_success(box: Sandbox) -> None:
    box.world.faults.replace([Fault("store-then-drop", "x", "create")])
    assert create(box, "").status_code == 400
    assert requests.get(f"{box.base_url}/faults", timeout=5).json()["applied"] == {}


def test_faults_can_be_replaced_while_it_runs(box: Sandbox) -> None:
    plan = [{"channel": "x", "endpoint": "create", "kind": "5xx-before-store"}]
    assert requests.put(f"{box.base_url}/faults", json=plan, timeout=5).status_code == 200
    assert create(box, "No").status_code == 503
    assert requests.put(f"{box.base_url}/faults", json=[{"kind": "none such"}], timeout=5).status_code == 400
    assert create(box, "Still no").status_code == 503
    assert requests.put(f"{box.base_url}/faults", json=[], timeout=5).json()["faults"] == []
    assert create(box, "Yes").status_code == 201


# --- the program ---------------------------------------------------------------------------------------------------


def test_the_command_announces_its_four_addresses_and_keeps_its_state(tmp_path: Path) -> None:
    seen: list[dict[str, str]] = []
    until = Event()

    def announce(urls: object) -> None:
        seen.append(json.loads(json.dumps(urls)))
        assert requests.get(seen[0]["x"].removesuffix("/x") + "/healthz", timeout=5).text == "ok"
        until.set()

    run_sandbox("127.0.0.1:0", "127.0.0.1:0", data=tmp_path / "state", announce=announce, until=until)
    assert set(seen[0]) == {"x", "facebook", "linkedin", "smtp"}
    assert (tmp_path / "state" / "sandbox.db").is_file()


def test_a_port_that_is_taken_is_one_clear_error(box: Sandbox) -> None:
    taken = box.base_url.removeprefix("http://")
    second = Sandbox(listen=taken)
    with pytest.raises(WrongUse, match="cannot listen"):
        second.start()
    second.stop()


# --- the pages -----------------------------------------------------------------------------------------------------


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def test_the_feed_shows_words_links_pictures_with_alt_and_shares(box: Sandbox) -> None:
    now = box.world.clock.now()
    box.world.add_media(Upload("x", "1001", "9", now, "image/png", "Pupils <reading>", data=picture()))
    box.world.add_post(
        Post(
            *("x", "1001", "1", "t.co", now, "Read <b>this</b> https://www.gov.uk/x #SEND"),
            media=(PostMedia("9", "Pupils <reading>"),),
        )
    )
    box.world.add_post(Post("x", "1001", "2", "RT", now, share_of="1"))
    page = requests.get(f"{box.base_url}/feed/x/1001", timeout=5)
    assert "Read &lt;b&gt;this&lt;/b&gt;" in page.text
    assert '<a href="https://www.gov.uk/x"' in page.text
    assert '<span class="tag">#SEND</span>' in page.text
    assert 'alt="Pupils &lt;reading&gt;"' in page.text
    assert "Oak &lt;School&gt; reposted" in page.text
    assert "script" not in page.headers["content-security-policy"]
    image = requests.get(f"{box.base_url}/media/x/9", timeout=5)
    assert (image.headers["content-type"], image.content) == ("image/png", picture())


def test_a_link_card_shows_title_and_domain(box: Sandbox) -> None:
    now = box.world.clock.now()
    link = "https://www.gov.uk/dfe/SEND-conversation?utm_content=abc"
    who = "urn:li:organization:7"
    box.world.add_post(Post("linkedin", who, "urn:li:share:1", "Hello", now, link=link, link_title="Share your views"))
    text = requests.get(f"{box.base_url}/feed/linkedin/{who}", timeout=5).text
    assert "Share your views" in text
    assert '<span class="domain">www.gov.uk</span>' in text


def test_the_index_names_every_account_and_unknown_pages_are_404(box: Sandbox) -> None:
    text = requests.get(f"{box.base_url}/", timeout=5).text
    assert "Oak &lt;School&gt;" in text
    assert "Elm Council" in text
    assert requests.get(f"{box.base_url}/feed/x/7", timeout=5).status_code == 404
    assert requests.get(f"{box.base_url}/media/x/7", timeout=5).status_code == 404
    assert requests.get(f"{box.base_url}/mailbox/7", timeout=5).status_code == 404
    assert requests.get(f"{box.base_url}/mailbox?page=x", timeout=5).status_code == 200


def test_an_upload_that_is_no_image_is_never_served_as_a_page(box: Sandbox) -> None:
    box.world.add_media(Upload("x", "1001", "8", box.world.clock.now(), "text/html", data=b"<script>1</script>"))
    answer = requests.get(f"{box.base_url}/media/x/8", timeout=5)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
