"""Hosts in network namespaces, on one bridge: each a machine of its own as far as the network is concerned."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

NETWORK = f"10.213.{os.getpid() % 250}"
BRIDGE = f"{NETWORK}.1"


@dataclass(frozen=True)
class Host:
    """A namespace with one link to the bridge. ``mark`` keeps the names of two runs apart."""

    mark: str
    number: int

    @property
    def name(self) -> str:
        return f"c{self.mark}h{self.number}"

    @property
    def link(self) -> str:
        """The bridge's end of its line."""
        return f"c{self.mark}v{self.number}"

    @property
    def prefix(self) -> Sequence[str]:
        """What makes a command run on this host."""
        return ("ip", "netns", "exec", self.name)

    def plug_in(self, bridge: str) -> None:
        ip("netns", "add", self.name)
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("link", "set", self.link, "master", bridge, "up")
        ip("-n", self.name, "addr", "add", f"{NETWORK}.{self.number + 10}/24", "dev", "eth0")
        ip("-n", self.name, "link", "set", "eth0", "up")
        ip("-n", self.name, "link", "set", "lo", "up")

    def cut_off(self) -> None:
        """Take the line down: nothing comes through, and no program is told."""
        ip("link", "set", self.link, "down")

    def reconnect(self) -> None:
        ip("link", "set", self.link, "up")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=20)  # noqa: S603, S607 - Debian's own


def why_not() -> str | None:
    """Say why this machine can have no such hosts, None where it can."""
    probe = f"cprobe{os.getpid()}"
    try:
        ip("netns", "add", probe)
        ip("netns", "del", probe)
    except (OSError, subprocess.SubprocessError):
        return "`ip netns add` is not permitted here (it takes root and iproute2)"
    return None


@contextmanager
def opened_hosts(count: int) -> Iterator[list[Host]]:
    """Some hosts on a bridge whose address is BRIDGE, taken away in the end."""
    mark = f"{os.getpid() % 10_000}"
    bridge, hosts = f"c{mark}br", [Host(mark, number) for number in range(count)]
    try:
        ip("link", "add", bridge, "type", "bridge")
        ip("addr", "add", f"{BRIDGE}/24", "dev", bridge)
        ip("link", "set", bridge, "up")
        for host in hosts:
            host.plug_in(bridge)
        yield hosts
    finally:
        for host in hosts:
            subprocess.run(["ip", "netns", "del", host.name], check=False, capture_output=True)  # noqa: S603, S607 - as above
        subprocess.run(["ip", "link", "del", bridge], check=False, capture_output=True)  # noqa: S603, S607 - as above
