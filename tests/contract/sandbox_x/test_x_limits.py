"""How much the local X takes: its rates, the posts of a day, credits."""

from datetime import timedelta

import requests
from x_api import Api, ShiftedClock

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox


def test_every_answer_tells_what_is_left_and_the_hundred_and_first_create_waits(
    elm: Api, oak: Api, clock: ShiftedClock
) -> None:
    headers = elm("POST", "/2/tweets", json={"text": "0"}).headers
    assert (headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == ("100", "99")
    assert headers["x-user-limit-24hour-remaining"] == headers["x-app-limit-24hour-remaining"] == "9999"
    for number in range(1, 100):
        elm.post_id(str(number))
    refused = elm("POST", "/2/tweets", json={"text": "one too many"})
    assert (refused.status_code, refused.json()["title"]) == (429, "Too Many Requests")
    assert refused.headers["x-rate-limit-remaining"] == "0"
    wait = int(refused.headers["x-rate-limit-reset"]) - clock.now().timestamp()
    assert 800 < wait <= 901
    assert oak.post_id("Others are not held up")
    clock.ahead = timedelta(minutes=15, seconds=1)
    assert elm.post_id("one too many")


def test_the_posts_of_a_day_are_counted_for_each_account_and_for_their_app_together(
    clock: ShiftedClock,
) -> None:
    shared = [{"access_token": name, "client_id": "one-app"} for name in ("first", "second")]
    accounts = [SandboxAccount("x", keys["access_token"], "@p", "p", "P", credentials=keys) for keys in shared]
    with Sandbox(accounts=accounts, clock=clock) as box, Api(box, "first") as first, Api(box, "second") as second:
        box.world.switches["x.creates_per_day"] = 2
        told = [api("POST", "/2/tweets", json={"text": str(api)}).headers for api in (first, second)]
        of_user, of_app = ([headers[f"x-{who}-limit-24hour-remaining"] for headers in told] for who in ("user", "app"))
        assert (of_user, of_app) == (["1", "1"], ["1", "0"])
        refused = first("POST", "/2/tweets", json={"text": "one too many for the app"})
        assert (refused.status_code, refused.headers["x-app-limit-24hour-remaining"]) == (429, "0")
        assert int(refused.headers["x-app-limit-24hour-reset"]) - clock.now().timestamp() > 86_000
        clock.ahead = timedelta(hours=24, seconds=2)
        assert first.post_id("a new day")


def test_a_throttle_fault_comes_with_or_without_the_reset(elm: Api, box: Sandbox) -> None:
    box.world.faults.replace([Fault("429", "x", "create", nth=(1,), seconds=60), Fault("429-no-reset", "x", "create")])
    assert "x-rate-limit-reset" in elm("POST", "/2/tweets", json={"text": "x"}).headers
    assert "x-rate-limit-reset" not in elm("POST", "/2/tweets", json={"text": "x"}).headers


def test_an_account_without_credits_gets_402_until_it_is_topped_up(elm: Api, oak: Api, box: Sandbox) -> None:
    requests.put(f"{box.base_url}/switches", json={"x.out_of_credits": ["2002"]}, timeout=5)
    refused = elm("POST", "/2/tweets", json={"text": "x"})
    assert (refused.status_code, refused.json()["title"]) == (402, "CreditsDepleted")
    assert oak.post_id("x")
    requests.put(f"{box.base_url}/switches", json={"x.out_of_credits": False}, timeout=5)
    assert elm.post_id("x")
