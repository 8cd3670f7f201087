"""The local LinkedIn over real HTTP, as its reference and captures of live answers describe the real one."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
import requests
from PIL import Image

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.faults import Fault
from campaign.sandbox.little import parse
from campaign.sandbox.server import Sandbox

Answer = Any  # a JSON answer, asserted on key by key

ORG, OTHER, WRITER, STALE = "71", "72", "73", "74"
VERSION = "202607"


def urn(number: str) -> str:
    return f"urn:li:organization:{number}"


def _account(number: str, **credentials: str) -> SandboxAccount:
    facts = {"access_token": f"token-{number}", "refresh_token": f"refresh-{number}"} | credentials
    external_id = number if number == ORG else urn(number)
    return SandboxAccount("linkedin", external_id, f"org{number}", number, f"School {number}", "api", facts)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    accounts = [
        _account(ORG),
        _account(OTHER),
        _account(WRITER, scopes="w_organization_social"),
        _account(STALE, expires_at="2020-01-01T00:00:00Z", refresh_expires_at="2020-06-01T00:00:00Z"),
    ]
    with Sandbox(accounts=accounts) as box:
        yield box


@pytest.fixture
def box(running: Sandbox) -> Iterator[Sandbox]:
    running.world.switches.update({"linkedin.statistics_delay": 0})
    yield running
    running.world.faults.replace(())
    running.world.switches.clear()
    running.world.speed = 1.0
    for post in running.world.stored("linkedin"):
        running.world.delete_post("linkedin", post.id)


def call(box: Sandbox, method: str, path: str, number: str = ORG, **named: Any) -> requests.Response:
    headers = {
        "Authorization": f"Bearer token-{number}",
        "LinkedIn-Version": VERSION,
        "X-Restli-Protocol-Version": "2.0.0",
    }
    headers |= named.pop("headers", {})
    return requests.request(method, f"{box.linkedin_url}/rest/{path}", headers=headers, timeout=5, **named)


def body(commentary: str, number: str = ORG, **more: Any) -> dict[str, Any]:
    return {
        "author": urn(number),
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    } | more


def fresh(words: str) -> str:
    """Return the words with a number that makes them new: duplicates count beyond a deletion."""
    return f"{words} {time.monotonic_ns()}"


def post(box: Sandbox, commentary: str, number: str = ORG, **more: Any) -> str:
    answer = call(box, "POST", "posts", number, json=body(commentary, number, **more))
    assert answer.status_code == 201, answer.text
    return answer.headers["x-restli-id"]


def get(box: Sandbox, post_urn: str, number: str = ORG) -> Answer:
    return call(box, "GET", f"posts/{quote(post_urn, safe='')}", number).json()


def image(box: Sandbox, data: bytes | None = None) -> str:
    request = {"initializeUploadRequest": {"owner": urn(ORG)}}
    value = call(box, "POST", "images?action=initializeUpload", json=request).json()["value"]
    if data is None:
        out = BytesIO()
        Image.new("RGB", (8, 8), "red").save(out, "PNG")
        data = out.getvalue()
    headers = {"Authorization": f"Bearer token-{ORG}"}
    assert requests.put(value["uploadUrl"], data=data, headers=headers, timeout=5).status_code == 201
    return str(value["image"])


def status(box: Sandbox, image_urn: str) -> str:
    return str(call(box, "GET", f"images/{quote(image_urn, safe='')}").json()["status"])


def ready(box: Sandbox) -> str:
    made = image(box)
    assert [status(box, made), status(box, made)] == ["PROCESSING", "AVAILABLE"]
    return made


def listing(box: Sandbox, number: str = ORG, query: str = "&q=author&sortBy=CREATED&count=50") -> requests.Response:
    return call(box, "GET", f"posts?author={quote(urn(number), safe='')}{query}", number)


def test_a_create_answers_201_with_nothing_but_the_urn_in_a_header(box: Sandbox) -> None:
    answer = call(box, "POST", "posts", json=body(fresh("Hello")))
    assert (answer.status_code, answer.content) == (201, b"")
    made = answer.headers["x-restli-id"]
    assert made.startswith("urn:li:share:")
    born = datetime.fromtimestamp((int(made.rpartition(":")[2]) >> 22) / 1000, UTC)
    assert abs(datetime.now(UTC) - born) < timedelta(seconds=5)
    seen = get(box, made)
    assert (seen["author"], seen["lifecycleState"]) == (urn(ORG), "PUBLISHED")
    assert seen["createdAt"] == seen["lastModifiedAt"]


def test_a_post_is_edited_and_deleted_and_deleting_again_is_no_fault(box: Sandbox) -> None:
    made = post(box, fresh("First"))
    path = f"posts/{quote(made, safe='')}"
    change = {"patch": {"$set": {"commentary": r"Second \(better\)"}}}
    assert call(box, "POST", path, json=change).status_code == 400
    partial = {"X-RestLi-Method": "PARTIAL_UPDATE"}
    assert call(box, "POST", path, json=change, headers=partial).status_code == 204
    seen = get(box, made)
    assert seen["commentary"] == r"Second \(better\)"
    assert seen["lifecycleStateInfo"]["isEditedByAuthor"]
    assert [call(box, "DELETE", path).status_code for _ in range(2)] == [204, 204]
    assert call(box, "GET", path).status_code == 404


@pytest.mark.parametrize(
    ("source", "shown", "lost"),
    [
        (r"Plain words, no. 1!", "Plain words, no. 1!", ""),
        (r"Cut \(kept\) here (lost)", "Cut (kept) here ", "(lost)"),
        (r"an_underscore", "an", "_underscore"),
        (r"a * b", "a ", "* b"),
        ("back\\slash", "back", "\\slash"),
        ("end\\", "end", "\\"),
        (r"\\ \| \{ \} \@ \[ \] \( \) \< \> \# \* \_ \~", r"\ | { } @ [ ] ( ) < > # * _ ~", ""),
        (r"#SEND and {hashtag|\#|Schools}", "#SEND and #Schools", ""),
        (r"# alone", "", "# alone"),
        (r"mail me@example.org", "mail me", "@example.org"),
        (r"hi @[School 72](urn:li:organization:72)!", "hi School 72!", ""),
        (r"hi @[School](not a urn)", "hi ", "@[School](not a urn)"),
    ],
)
def test_little_text_is_cut_at_the_first_bare_reserved_character(source: str, shown: str, lost: str) -> None:
    words = parse(source, {"urn:li:organization:72": "School 72"})
    assert (words.shown, words.lost) == (shown, lost)
    assert words.stored + words.lost == source


def test_a_mention_links_only_by_the_exact_name() -> None:
    names = {"urn:li:organization:72": "School 72"}
    assert parse("@[School 72](urn:li:organization:72)", names).mentions == ("urn:li:organization:72",)
    assert parse("@[school 72](urn:li:organization:72)", names).mentions == ()
    assert parse("@[school 72](urn:li:organization:72)", names).shown == "school 72"


def test_the_cut_is_silent_and_shows_only_on_reading_back(box: Sandbox) -> None:
    made = post(box, fresh("Kept") + " (lost)")
    assert "(" not in get(box, made)["commentary"]
    (line,) = box.world.ledger()
    assert "lost" not in str(line["text"])


def test_the_ledger_has_the_words_without_their_escapes(box: Sandbox) -> None:
    words = fresh("Ask \\(please\\)")
    post(box, words)
    (line,) = box.world.ledger()
    assert line["text"] == words.replace("\\", "")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ({"commentary": "x" * 3001}, "FIELD_LENGTH_TOO_LONG"),
        ({"lifecycleState": "DRAFT"}, "INVALID_VALUE_FOR_FIELD"),
        ({"colour": "red"}, "UNPERMITTED_FIELD"),
        ({"content": {"article": {"source": "https://gov.uk"}}}, "MISSING_FIELD"),
        ({"content": {"article": {"source": "gov.uk", "title": "x"}}}, "INVALID_VALUE_FOR_FIELD"),
        ({"content": {}}, "INVALID_VALUE_FOR_FIELD"),
        ({"content": {"media": {"id": "urn:li:image:nowhere"}}}, "INVALID_CONTENT_OWNERSHIP"),
        ({"content": {"multiImage": {"images": [{"id": "urn:li:image:a"}]}}}, "INVALID_VALUE_FOR_FIELD"),
        ({"reshareContext": {"parent": "urn:li:share:5"}}, "INVALID_VALUE_FOR_FIELD"),
        ({"visibility": None}, "INVALID_VALUE_FOR_FIELD"),
    ],
)
def test_a_body_off_the_schema_is_refused_by_its_first_fault(box: Sandbox, spoil: dict[str, Any], code: str) -> None:
    answer = call(box, "POST", "posts", json=body("x") | spoil)
    assert answer.status_code == 400
    assert answer.json()["errorDetails"]["inputErrors"][0]["code"] == code
    assert box.world.ledger() == []


def test_three_thousand_characters_fit_whatever_their_escapes_weigh(box: Sandbox) -> None:
    number = str(time.monotonic_ns())
    post(box, number + r"\(" * (3000 - len(number)))


def test_an_article_shows_what_was_sent(box: Sandbox) -> None:
    article = {"source": "https://www.gov.uk/send?utm_content=abc", "title": "Have your say"}
    made = post(box, fresh("Read"), content={"article": article})
    assert get(box, made)["content"]["article"]["source"] == article["source"]
    (line,) = box.world.ledger()
    assert (line["link"], line["link_title"]) == (article["source"], article["title"])


def test_an_image_is_processed_before_it_can_be_posted_with_its_alt_text(box: Sandbox) -> None:
    made = image(box)
    media = {"media": {"id": made, "altText": "A red square"}}
    assert call(box, "POST", "posts", json=body("early", content=media)).status_code == 400
    assert [status(box, made), status(box, made)] == ["PROCESSING", "AVAILABLE"]
    shown = get(box, post(box, fresh("Look"), content=media))
    assert shown["content"]["media"] == media["media"]
    (line,) = box.world.ledger()
    assert line["media"] == [{"id": made, "alt": "A red square"}]


def test_many_images_make_a_ugc_post(box: Sandbox) -> None:
    images = [{"id": ready(box), "altText": "one"}, {"id": ready(box), "altText": "two"}]
    made = post(box, fresh("Two"), content={"multiImage": {"images": images}})
    assert made.startswith("urn:li:ugcPost:")
    assert [item["altText"] for item in get(box, made)["content"]["multiImage"]["images"]] == ["one", "two"]


def test_bytes_that_are_no_image_fail_in_processing(box: Sandbox) -> None:
    assert status(box, image(box, b"no picture")) == "PROCESSING_FAILED"


def test_an_upload_wants_the_owners_token(box: Sandbox) -> None:
    request = {"initializeUploadRequest": {"owner": urn(ORG)}}
    value = call(box, "POST", "images?action=initializeUpload", json=request).json()["value"]
    assert value["uploadUrl"].startswith(box.linkedin_url)
    assert requests.put(value["uploadUrl"], data=b"x", timeout=5).status_code == 401
    theirs = {"Authorization": f"Bearer token-{OTHER}"}
    assert requests.put(value["uploadUrl"], data=b"x", headers=theirs, timeout=5).status_code == 404
    assert call(box, "POST", "images?action=initializeUpload", OTHER, json=request).status_code == 403
    assert status(box, value["image"]) == "WAITING_UPLOAD"


def test_a_post_of_another_organisation_is_passed_on(box: Sandbox) -> None:
    original = post(box, fresh("From here"))
    shared = post(box, "", OTHER, reshareContext={"parent": original})
    assert get(box, shared, OTHER)["reshareContext"]["parent"] == original
    stored = box.world.post("linkedin", shared)
    assert stored is not None
    assert stored.share_of == original


def test_equal_content_is_a_duplicate_and_the_urn_is_cited(box: Sandbox) -> None:
    words = fresh("Again")
    made = post(box, words)
    answer = call(box, "POST", "posts", json=body(words))
    assert answer.status_code == 422
    assert answer.json()["message"] == f"Content is a duplicate of {made}"
    assert answer.json()["errorDetails"]["inputErrors"][0]["code"] == "DUPLICATE_POST"
    post(box, words, OTHER)
    box.world.switches["linkedin.duplicate_window"] = 0
    post(box, words)


def test_after_a_deletion_the_duplicate_cites_a_ghost(box: Sandbox) -> None:
    words = fresh("Gone")
    made = post(box, words)
    call(box, "DELETE", f"posts/{quote(made, safe='')}")
    cited = call(box, "POST", "posts", json=body(words)).json()["message"].rpartition(" ")[2]
    assert cited != made
    assert call(box, "GET", f"posts/{quote(cited, safe='')}").status_code == 404


def test_a_listing_goes_by_author_newest_first(box: Sandbox) -> None:
    made = [post(box, fresh(str(number))) for number in range(3)]
    answer = listing(box).json()
    assert [one["id"] for one in answer["elements"]] == made[::-1]
    assert answer["paging"]["total"] == 3
    second = listing(box, query="&q=author&sortBy=CREATED&count=1&start=1").json()
    assert [one["id"] for one in second["elements"]] == [made[1]]
    assert listing(box, query="&q=author&count=101").status_code == 400


def test_the_finder_is_as_picky_as_the_real_one(box: Sandbox) -> None:
    encoded = quote(urn(ORG), safe="")
    assert call(box, "GET", f"posts?q=author&author={encoded}").json()["code"] == "ILLEGAL_ARGUMENT"
    assert call(box, "GET", f"posts?author={urn(ORG)}&q=author").status_code == 400
    made = post(box, fresh("Raw"))
    assert call(box, "GET", f"posts/{made}").status_code == 400


def test_a_write_only_token_posts_and_cannot_read(box: Sandbox) -> None:
    made = post(box, fresh("Mine"), WRITER)
    refused = listing(box, WRITER)
    assert refused.status_code == 403
    assert refused.json()["serviceErrorCode"] == 100
    assert refused.json()["message"].endswith(f"partnerApiPostsExternal.FINDER-author.{VERSION}01")
    assert call(box, "GET", f"posts/{quote(made, safe='')}", WRITER).json()["code"] == "ACCESS_DENIED"
    assert call(box, "DELETE", f"posts/{quote(made, safe='')}", WRITER).status_code == 204


def test_nobody_writes_for_another_organisation(box: Sandbox) -> None:
    assert call(box, "POST", "posts", json=body("x", OTHER)).status_code == 403
    theirs = post(box, fresh("Theirs"), OTHER)
    path = f"posts/{quote(theirs, safe='')}"
    assert [call(box, method, path).status_code for method in ("GET", "DELETE")] == [403, 403]


def test_the_version_headers_are_wanted_and_old_versions_are_gone(box: Sandbox) -> None:
    missing = call(box, "GET", "posts", headers={"LinkedIn-Version": None})
    assert (missing.status_code, missing.json()["code"]) == (400, "VERSION_MISSING")
    gone = call(box, "GET", "posts", headers={"LinkedIn-Version": "202504"})
    assert gone.status_code == 426
    expected = {"status": 426, "code": "NONEXISTENT_VERSION", "message": "Requested version 20250401 is not active"}
    assert gone.json() == expected
    assert call(box, "GET", "posts", headers={"X-Restli-Protocol-Version": None}).status_code == 400


def test_tokens_are_unknown_or_expired(box: Sandbox) -> None:
    unknown = call(box, "GET", "posts", "nobody")
    assert (unknown.status_code, unknown.json()["serviceErrorCode"]) == (401, 65600)
    expired = call(box, "GET", "posts", STALE)
    assert (expired.status_code, expired.json()["code"]) == (401, "EXPIRED_ACCESS_TOKEN")


def statistics(box: Sandbox, query: str) -> requests.Response:
    path = "organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity="
    return call(box, "GET", f"{path}{quote(urn(ORG), safe='')}&{query}")


def test_statistics_come_for_lists_of_shares_and_ugc_posts(box: Sandbox) -> None:
    share = post(box, fresh("Share"))
    images = [{"id": ready(box)}, {"id": ready(box)}]
    gallery = post(box, fresh("Gallery"), content={"multiImage": {"images": images}})
    query = f"shares=List({quote(share, safe='')})&ugcPosts=List({quote(gallery, safe='')})"
    elements = statistics(box, query).json()["elements"]
    assert [elements[0]["share"], elements[1]["ugcPost"]] == [share, gallery]
    figures = {"impressionCount", "uniqueImpressionsCount", "clickCount", "likeCount", "commentCount", "shareCount"}
    assert figures | {"engagement"} == set(elements[0]["totalShareStatistics"])
    assert statistics(box, f"shares=List%28{quote(share, safe='')}%29").status_code == 400
    assert statistics(box, f"shares=List({quote(gallery, safe='')})").status_code == 400


def test_one_young_or_unknown_post_fails_the_whole_call(box: Sandbox) -> None:
    old = post(box, fresh("Old"))
    query = f"shares=List({quote(old, safe='')},urn%3Ali%3Ashare%3A5)"
    assert statistics(box, query).status_code == 404
    assert statistics(box, f"shares=List({quote(old, safe='')})").status_code == 200
    box.world.switches["linkedin.statistics_delay"] = 60
    assert statistics(box, f"shares=List({quote(old, safe='')})").status_code == 404


def test_social_metadata_comes_one_by_one_and_in_batches(box: Sandbox) -> None:
    made = post(box, fresh("Like me"))
    made, posted = quote(made, safe=""), box.world.post("linkedin", made)
    assert posted is not None
    box.world.speed = 1e9
    single = call(box, "GET", f"socialMetadata/{made}").json()
    assert single["reactionSummaries"]["LIKE"]["count"] > 0
    assert single["commentSummary"]["count"] == box.world.figures(posted).comments
    batch = call(box, "GET", f"socialMetadata?ids=List({made},urn%3Ali%3Ashare%3A5)").json()
    assert (len(batch["results"]), list(batch["errors"])) == (1, ["urn:li:share:5"])


def refresh(box: Sandbox, **changed: str) -> requests.Response:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": f"refresh-{ORG}",
        "client_id": "app",
        "client_secret": "hush",
    }
    return requests.post(f"{box.linkedin_url}/oauth/v2/accessToken", data=form | changed, timeout=5)


def test_a_refreshed_token_works_and_the_consent_counts_down(box: Sandbox) -> None:
    first = refresh(box).json()
    assert first["expires_in"] == 5_184_000
    time.sleep(1.1)
    assert refresh(box).json()["refresh_token_expires_in"] < first["refresh_token_expires_in"] <= 31_536_000
    held = {"Authorization": f"Bearer {first['access_token']}"}
    assert call(box, "POST", "posts", json=body(fresh("Renewed")), headers=held).status_code == 201


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_secret": ""}, "invalid_request"),
        ({"refresh_token": "stolen"}, "invalid_grant"),
        ({"refresh_token": f"refresh-{STALE}"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_refresh_is_refused(box: Sandbox, changed: dict[str, str], error: str) -> None:
    answer = refresh(box, **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_throttle_says_nothing_of_when(box: Sandbox) -> None:
    box.world.faults.replace([Fault("429", endpoint="create", times=1), Fault("429-no-reset", endpoint="create")])
    answers = [call(box, "POST", "posts", json=body("x")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 429]
    assert "DAY limit" in answers[0].json()["message"]
    assert "throttle limit" in answers[1].json()["message"]
    assert not [name for answer in answers for name in answer.headers if "retry" in name or "rate" in name.lower()]


def test_the_limit_of_a_day_is_each_organisations_own(box: Sandbox) -> None:
    box.world.switches["linkedin.daily_limit"] = 1
    answers = [call(box, "POST", "posts", OTHER, json=body(fresh("Once"), OTHER)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    assert "DAY limit" in answers[1].json()["message"]
    assert call(box, "POST", "posts", json=body(fresh("Once"))).status_code == 201


def test_lost_answers_leave_the_post_and_an_idless_one_hides_its_urn(box: Sandbox) -> None:
    box.world.faults.replace([Fault("store-then-drop", endpoint="create", times=1), Fault("id-less-2xx")])
    with pytest.raises(requests.ConnectionError):
        call(box, "POST", "posts", json=body(fresh("There")))
    answer = call(box, "POST", "posts", json=body(fresh("There too")))
    assert (answer.status_code, answer.headers.get("x-restli-id")) == (201, None)
    assert len(box.world.ledger()) == 2


def test_a_lagging_post_stays_out_of_the_listing_but_counts_as_a_duplicate(box: Sandbox) -> None:
    box.world.faults.replace([Fault("read-lag", endpoint="create", seconds=30, times=1)])
    words = fresh("Late")
    made = post(box, words)
    assert listing(box).json()["elements"] == []
    assert call(box, "POST", "posts", json=body(words)).json()["message"].endswith(made)
