"""Who calls the local X, and whether they may; a third party's client gets on with it too."""

from datetime import timedelta
from typing import Any

import pytest
import requests
import tweepy
from x_api import SIGNED, Api, ShiftedClock, oauth1

from campaign.sandbox.server import Sandbox


def test_a_signed_call_is_let_in_and_a_badly_signed_one_is_not(oak: Api) -> None:
    assert oak("GET", "/2/users/me").json()["data"] == {"id": "1001", "name": "Oak School", "username": "oakschool"}
    assert oak("GET", "/2/tweets?ids=1,2&tweet.fields=created_at,entities").status_code == 200
    assert oak("POST", "/2/tweets", json={"text": "Signed"}).status_code == 201
    for wrong in ("consumer_secret", "access_token_secret", "consumer_key", "access_token"):
        answer = oak("GET", "/2/users/me", auth=oauth1(**{wrong: "wrong"}))
        assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


def test_a_signature_is_good_for_its_own_address_and_for_one_use(box: Sandbox) -> None:
    prepared = requests.Request("GET", f"{box.x_url}/2/users/me", auth=oauth1()).prepare()
    given: str | bytes = prepared.headers["Authorization"]
    head = {"Authorization": given.decode() if isinstance(given, bytes) else given}
    with requests.Session() as session:
        assert session.get(f"{box.x_url}/2/tweets?ids=1", headers=head, timeout=5).status_code == 401
        assert session.get(f"{box.x_url}/2/users/me", headers=head, timeout=5).status_code == 200
        assert session.get(f"{box.x_url}/2/users/me", headers=head, timeout=5).status_code == 401


def test_an_unknown_bearer_token_or_none_is_refused(box: Sandbox) -> None:
    assert requests.get(f"{box.x_url}/2/users/me", timeout=5).status_code == 401
    with Api(box, "nobody") as api:
        assert api("POST", "/2/tweets", json={"text": "x"}).status_code == 401
    assert box.world.ledger() == []


def test_a_refresh_gives_a_new_pair_and_spends_the_old_one(box: Sandbox, clock: ShiftedClock) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "elm-refresh", "client_id": "elm-app"}
    pair = requests.post(f"{box.x_url}/2/oauth2/token", data=form, timeout=5).json()
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 7200)
    spent = requests.post(f"{box.x_url}/2/oauth2/token", data=form, timeout=5)
    assert (spent.status_code, spent.json()["error"]) == (400, "invalid_request")
    with Api(box, pair["access_token"]) as api:
        assert api("GET", "/2/users/me").json()["data"]["id"] == "2002"
        clock.ahead = timedelta(hours=2, seconds=1)
        assert api("GET", "/2/users/me").status_code == 401
    again = requests.post(
        f"{box.x_url}/2/oauth2/token", data={**form, "refresh_token": pair["refresh_token"]}, timeout=5
    )
    assert again.status_code == 200


def test_a_refresh_for_another_app_is_refused(box: Sandbox) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "elm-refresh", "client_id": "another"}
    assert requests.post(f"{box.x_url}/2/oauth2/token", data=form, timeout=5).status_code == 400


def test_a_token_without_the_write_scope_may_read_only(box: Sandbox) -> None:
    with Api(box, "ash") as ash:
        assert ash("POST", "/2/tweets", json={"text": "x"}).status_code == 403
        assert ash("POST", "/2/media/upload", json={}).status_code == 403
        assert ash("GET", "/2/users/2002/tweets").status_code == 200


class Redirected(requests.Session):
    """A session that sends what tweepy addresses to X to the emulator."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self.root = root

    def request(self, method: str, url: str, **more: Any) -> requests.Response:  # type: ignore[override] # tweepy names no more
        more.setdefault("timeout", 5)
        return super().request(method, url.replace("https://api.twitter.com", self.root), **more)


def test_tweepy_posts_lists_measures_and_deletes(box: Sandbox) -> None:
    client = tweepy.Client(**SIGNED)
    client.session = Redirected(box.x_url)
    created = client.create_tweet(text="From tweepy & friends")
    post_id = created.data["id"]
    listed = client.get_users_tweets(
        "1001", max_results=5, tweet_fields=["created_at", "public_metrics"], user_auth=True
    )
    assert [str(post.id) for post in listed.data] == [post_id]
    assert listed.data[0].text == "From tweepy &amp; friends"
    assert listed.data[0].public_metrics["like_count"] == 0
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        client.create_tweet(text="From tweepy & friends")
    assert client.delete_tweet(post_id).data == {"deleted": True}
    client.session.close()
