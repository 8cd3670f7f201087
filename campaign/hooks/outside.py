"""Which addresses a webhook may have: a server outside. What an admin types must not reach into this network.

The name is resolved, every place that it leads to is looked at, and the connection goes to a place that was looked at:
a name that leads elsewhere a moment later wins nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from functools import partial
from urllib.parse import urlsplit

import urllib3

from campaign.config.addresses import is_loopback
from campaign.errors import WrongUse
from campaign.sockets import Adapter

_LONGEST = 1000
# What IANA gives to networks of the internet. All else of the new kind is local, reserved, or carries an address of the
# old kind, which no look at the outer one shows.
_WORLD = tuple(map(ipaddress.ip_network, ("0.0.0.0/0", "2000::/3")))
# For protocols (Teredo among them), 6to4 and its relays, documents: no server of anybody's has one.
_APART = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")))

_Place = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LetsIn = Callable[[str], bool]


class Inside(urllib3.exceptions.NewConnectionError):
    """The address leads to a machine that is not outside; nothing was sent."""


def check_address(url: str, *, loopback: bool) -> str:
    """Refuse what can be no webhook's address; returns as much of it as is shown: scheme, host and port.

    Raises:
        WrongUse: it is not https, names no server outside, or holds a login or a fragment.

    """
    mend = "Write an https address of a server outside, such as https://example.org/hook."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise WrongUse(field="url", problem="This is no web address", mend=mend) from error
    here = loopback and is_loopback(host)
    if not host or len(url) > _LONGEST or not url.isprintable() or " " in url:
        raise WrongUse(field="url", problem="This is no web address", mend=mend)
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise WrongUse(field="url", problem="A webhook is called over https alone", mend=mend)
    if parts.username is not None or parts.fragment:
        raise WrongUse(field="url", problem="An address with a login or a # in it is not called", mend=mend)
    if not here and (is_loopback(host) or (_is_ip(host) and not outside(host))):
        raise WrongUse(field="url", problem="This address lies inside this network", mend=mend)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def outside(place: str, *, loopback: bool = False) -> bool:
    """Say whether an IP address is one of the public internet; ``loopback``: this machine counts too, for trials."""
    found = ipaddress.ip_address(place.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found
    if loopback and found.is_loopback:
        return True
    given = _within(found, _WORLD) and not _within(found, _APART)
    return given and found.is_global and not found.is_multicast


def _within(place: _Place, networks: Iterable[_Network]) -> bool:
    return any(place in network for network in networks)


class _Guarded(urllib3.connection.HTTPConnection):
    """A connection that is made only to places that ``lets_in`` lets in."""

    lets_in: LetsIn

    def _new_conn(self) -> socket.socket:
        named = self._dns_host
        places = self._places(named)
        try:
            for place in places[:-1]:
                try:
                    return self._to(place)
                except urllib3.exceptions.HTTPError:
                    continue
            return self._to(places[-1])
        finally:
            self._dns_host = named

    def _to(self, place: str) -> socket.socket:
        self._dns_host = place
        return super()._new_conn()

    def _places(self, name: str) -> list[str]:
        try:
            found = socket.getaddrinfo(name, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise urllib3.exceptions.NewConnectionError(self, "the name leads nowhere") from error
        places = list(dict.fromkeys(str(one[4][0]) for one in found))
        # One that lies inside is enough: a name that leads to both has no good reason to.
        if not places or not all(map(type(self).lets_in, places)):
            raise Inside(self, "the address lies inside this network")
        return places[:3]


class Outward(Adapter):
    """The adapter for addresses that people typed."""

    def __init__(self, read: float, *, loopback: bool) -> None:
        lets_in = partial(outside, loopback=loopback)
        self.pools = {scheme: _guarded(pool, lets_in) for scheme, pool in Adapter.pools.items()}
        super().__init__(read)


def _guarded(pool: type[urllib3.HTTPConnectionPool], lets_in: LetsIn) -> type[urllib3.HTTPConnectionPool]:
    connection = type("Guarded", (_Guarded, pool.ConnectionCls), {"lets_in": staticmethod(lets_in)})
    return type("GuardedPool", (pool,), {"ConnectionCls": connection})
