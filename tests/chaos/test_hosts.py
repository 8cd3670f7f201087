"""Workers on hosts of their own, one of them cut off in mid-send: the others take over, and nothing goes out twice."""

import sys
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Thread
from typing import ClassVar

import pytest
from fleet import opened_fleet
from hosts import BRIDGE, opened_hosts, why_not
from own_server import own_server
from trial import Size, Trial

from campaign.sandbox.faults import Fault

SIZE = Size(6, 8, 1, 20, span=timedelta(seconds=16), kills=0, mean=0, window=0)
POSTS = 144
SLOW = (
    Fault("store-then-delay", endpoint="create", rate=0.4, seed=5, seconds=1.0),
    Fault("drop-before-store", endpoint="create", rate=0.05, seed=5),
)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_host_cut_off_in_mid_send_doubles_nothing_when_it_comes_back(tmp_path: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    with opened_hosts(3) as hosts, own_server(BRIDGE) as server:
        trial = Trial(tmp_path / "t", SIZE, 5, server.url, "pgqueuer", SLOW, host=BRIDGE, room=10)
        with opened_fleet(trial) as fleet:
            address = {"CAMPAIGN__DATABASE__URL": server.tcp_url}
            machines = [fleet.add(prefix=host.prefix, environ=address) for host in hosts]
            victim, *_ = fleet.beating(*machines)
            fleet.catch_in_mid_send(victim, hosts[0].cut_off)
            fleet.settle()
            hosts[0].reconnect()
            fleet.beating(*machines)
            time.sleep(5)  # what the cut-off host's own network still holds would come through now
            verdict = fleet.finish(shaken=True)
        assert verdict.faults == []
        assert verdict.posts == POSTS
        assert verdict.in_flight > 0


CLIENT = """
import sys
from datetime import timedelta
from campaign.http import Session

second = timedelta(seconds=1)
with Session(connect=2 * second, read=2 * second) as session:
    session.get(sys.argv[1])
    print("connected", flush=True)
    sys.stdin.readline()
    try:
        session.post(sys.argv[1], data=b"late")
    except Exception as error:
        print(type(error).__name__, flush=True)
sys.stdin.readline()
"""


class Remembers(BaseHTTPRequestHandler):
    """Answers on a connection that stays, and remembers what it was sent."""

    protocol_version = "HTTP/1.1"
    got: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.got.append(self.command)
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.slow
@pytest.mark.timeout(40)
def test_a_request_that_was_given_up_does_not_arrive_when_the_line_comes_back() -> None:
    if reason := why_not():
        pytest.skip(reason)
    with opened_hosts(1) as (host,), ThreadingHTTPServer((BRIDGE, 0), Remembers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        command = [*host.prefix, sys.executable, "-c", CLIENT, f"http://{BRIDGE}:{server.server_port}/"]
        with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as client:  # noqa: S603 - our own program
            assert client.stdin is not None
            assert client.stdout is not None
            assert client.stdout.readline() == "connected\n"
            host.cut_off()
            client.stdin.write("post\n")
            client.stdin.flush()
            assert client.stdout.readline() in {"ReadTimeout\n", "ConnectionError\n"}
            time.sleep(1)
            host.reconnect()
            time.sleep(10)  # by now the kernel would have tried again
            client.stdin.close()
        server.shutdown()
    assert Remembers.got == ["GET"]
