"""Programs that call the API: tokens of people, and calls with them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from pages_room import Room

from campaign.models import partners, users
from campaign.models.partners import Partner
from campaign.people import bearers
from campaign.people.bearers import Scope

EVERY = frozenset(Scope)


def token_of(room: Room, name: str, scopes: Collection[str] = EVERY, lasts: timedelta = timedelta(days=30)) -> str:
    with room.office.database.write() as session:
        person = users.user(session, name)
        assert person is not None
        now = room.office.clock.now()
        return bearers.issue(session, person, name="a test", scopes=scopes, lasts=lasts, by=name, now=now)


@dataclass
class Program:
    """A program with a token, or without one."""

    room: Room
    token: str | None

    def call(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        sent = dict(headers) | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        address = f"{self.room.address}/api/v1{path}"
        return requests.request(method, address, json=body, headers=sent, timeout=20, allow_redirects=False)

    def get(self, path: str) -> Any:
        found = self.call("GET", path)
        assert found.status_code == 200, found.text
        return found.json()


def program(room: Room, name: str, scopes: Collection[str] = EVERY) -> Program:
    return Program(room, token_of(room, name, scopes))


def oak(room: Room) -> Partner:
    """The partner as it stands now."""
    with room.office.database.read() as session:
        found = partners.partner_by_key(session, "oak")
        assert found is not None
        return found
