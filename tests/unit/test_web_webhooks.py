"""Webhooks as admins manage them, in the pages and by programs; and which addresses they may have."""

import pytest
from api_room import program
from pages_room import Room

from campaign.errors import WrongUse
from campaign.hooks.outside import check_address, outside
from campaign.models import audit

thorough = pytest.mark.thorough
ADDRESS = "https://programs.example.org/hook?key=abcdef"


@thorough
def test_a_webhook_is_added_tried_and_switched_off_in_the_pages(room: Room) -> None:
    adam = room.browser("adam")
    lacking = adam.send("/admin/webhooks", url="https://10.0.0.1/x", kinds="failed")
    assert lacking.status_code == 422
    assert "inside this network" in lacking.text
    assert "Choose what it is told of" in adam.send("/admin/webhooks", url=ADDRESS).text
    shown = adam.send("/admin/webhooks", url=ADDRESS, kinds="failed").text
    secret = shown.partition("whsec_")[2].partition("<")[0]
    assert len(secret) == 44
    again = adam.get("/admin/webhooks/1").text
    assert secret not in again
    assert "https://programs.example.org<" in again
    assert "abcdef" not in again + adam.get("/admin/webhooks").text, "who knows an address can often use it"
    assert secret.encode() not in room.office.raw(), "it is sealed"
    assert b"abcdef" not in room.office.raw()
    for act, words in (("test", "Waits"), ("off", "Switched off"), ("on", "On")):
        assert adam.send(f"/admin/webhooks/1/{act}").status_code == 303
        assert words in adam.get("/admin/webhooks/1").text
    assert adam.get("/admin/webhooks/2").status_code == adam.get("/admin/webhooks/x").status_code == 404
    with room.office.database.read() as session:
        done = [row.action for row in audit.rows(session) if row.subject == "webhook:1"]
    assert done == ["add webhook", "test webhook", "switch webhook off", "switch webhook on"]


@thorough
def test_a_program_of_an_admin_manages_webhooks_too(room: Room) -> None:
    adam, wanted = program(room, "adam"), {"url": ADDRESS, "kinds": ["published", "returned"]}
    assert program(room, "rita").call("POST", "/webhooks", wanted).json()["code"] == "not-allowed"
    key = {"Idempotency-Key": "add-1"}
    made, again = (adam.call("POST", "/webhooks", wanted, **key).json() for _ in range(2))
    assert made["secret"].startswith("whsec_")
    assert again == made | {"secret": None}, "the secret is shown once, and is not kept under the key"
    assert [row["id"] for row in adam.get("/webhooks")["items"]] == [made["id"]]
    name = adam.call("POST", f"/webhooks/{made['id']}/test").json()["id"]
    [call] = adam.get(f"/webhooks/{made['id']}/calls")["items"]
    assert (call["id"], call["kind"], call["taken_at"]) == (name, "test", None)
    assert adam.call("POST", f"/webhooks/{made['id']}/off").json()["off_by"] == "adam"
    assert adam.call("POST", f"/webhooks/{made['id']}/test").json()["code"] == "wrong-use"
    assert adam.call("POST", f"/webhooks/{made['id']}/on").json()["waiting"] == 1
    assert adam.call("POST", "/webhooks/9/on").status_code == 404


@pytest.mark.parametrize(
    "place",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
        "64:ff9b::a00:1", "2002:a00:1::1", "2001:0:a00:1::1",
        "fec0::1", "feff::1", "::10.0.0.1", "::127.0.0.1", "::8.8.8.8", "::ffff:0:10.0.0.1", "::ffff:0:8.8.8.8",
        "2001:10::1", "2001:20::1", "3fff::1", "5f00::1", "100::1", "4000::1", "192.0.0.8", "192.88.99.1",
    ],
)  # fmt: skip
def test_what_lies_inside_is_told_from_what_lies_outside(place: str) -> None:
    assert not outside(place)


def test_servers_outside_and_for_trials_this_machine_are_called() -> None:
    assert all(map(outside, ("93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34")))
    assert outside("127.0.0.1", loopback=True)
    assert not any(outside(place, loopback=True) for place in ("10.0.0.1", "::10.0.0.1", "fec0::1"))
    assert check_address("https://example.org:8443/a?b=c", loopback=False) == "https://example.org:8443"
    assert check_address("http://[::1]:9/a", loopback=True) == "http://[::1]:9"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook", "ftp://example.org", "https://", "example.org", "https://ann:pw@example.org",
        "https://example.org/#part", "https://localhost/x", "https://[::1]/", "https://169.254.169.254/latest",
        "https://example.org:99999/", "https://exa mple.org/", "https://example.org/\n", "https://[", "x" * 2000,
    ],
)  # fmt: skip
def test_what_can_be_no_webhooks_address_is_refused(url: str) -> None:
    with pytest.raises(WrongUse):
        check_address(url, loopback=False)
