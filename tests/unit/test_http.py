"""The session: what it sends, what it keeps, how long it waits, and which failures it calls never sent."""

import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
import tweepy
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from campaign.errors import NeverSent, Stopped, Unknown, Worn
from campaign.http import Answer, Session, asked, network_outcome
from campaign.scrubbing import scrub

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n"
SECOND = timedelta(seconds=1)
Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers each connection with the given pieces, then closes it; notes what it was sent."""
    doors: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(*pieces: bytes, pause: float = 0.0, got: list[bytes] | None = None) -> str:
        door = socket.create_server(("127.0.0.1", 0))
        doors.append(door)
        thread = threading.Thread(target=_answer, args=(door, pieces, pause, got if got is not None else []))
        threads.append(thread)
        thread.start()
        return f"http://127.0.0.1:{door.getsockname()[1]}"

    yield start
    for door in doors:
        door.shutdown(socket.SHUT_RDWR)
        door.close()
    for thread in threads:
        thread.join(5)


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        yield listening


def _answer(door: socket.socket, pieces: tuple[bytes, ...], pause: float, got: list[bytes]) -> None:
    while True:
        try:
            line, _ = door.accept()
        except OSError:
            return
        with line:
            got.append(line.recv(65_536))
            try:
                for piece in pieces:
                    line.sendall(piece)
                    time.sleep(pause)
            except OSError:
                continue  # the caller did not wait


def _get(session: Session, url: str) -> Answer:
    return asked(session, lambda: session.get(url))


def _closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return f"127.0.0.1:{door.getsockname()[1]}"


def test_the_last_answer_is_kept_whole(serve: Serve) -> None:
    url = serve(OK, b'{"a": "b" }')
    with Session() as session:
        answer = _get(session, url)
    assert (answer.status, answer.facts, answer.headers["content-type"]) == (200, {"a": "b"}, "application/json")


def test_a_prefix_that_a_library_carries_is_rewritten(serve: Serve) -> None:
    got: list[bytes] = []
    url = serve(OK, b'{"a": "b" }', got=got)
    with Session({"https://api.twitter.com": f"{url}/x"}) as session:
        _get(session, "https://api.twitter.com/2/tweets?ids=1")
    assert got[0].startswith(b"GET /x/2/tweets?ids=1 HTTP/1.1")


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    got: list[bytes] = []
    url = serve(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", got=got)
    with Session() as session:
        answer = asked(session, lambda: session.post(url, data={"a": "b"}))
    assert answer.status == 302
    assert len(got) == 1


def test_cookies_are_not_kept(serve: Serve) -> None:
    got: list[bytes] = []
    url = serve(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n", got=got)
    with Session() as session:
        _get(session, url)
        session.reconnect()
        _get(session, url)
    assert len(got) == 2
    assert b"Cookie" not in got[1]


def test_proxies_and_logins_of_the_environment_are_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    url = serve(OK, b'{"a": "b" }')
    monkeypatch.setenv("HTTP_PROXY", f"http://{_closed_port()}")
    with Session() as session:
        assert _get(session, url).status == 200


def test_the_gate_is_asked_before_every_request_and_its_word_goes_through_a_library_untouched(serve: Serve) -> None:
    got: list[bytes] = []
    url = serve(OK, b'{"a": "b" }', got=got)
    asks: list[int] = []

    def before() -> None:
        asks.append(len(got))
        if len(asks) == 2:
            raise Stopped("hold")

    with Session({"https://api.twitter.com": url}, before) as session:
        client = tweepy.Client(bearer_token="t")
        client.session = session
        asked(session, lambda: client.request("GET", "/2/users/me"))
        with pytest.raises(Stopped):
            asked(session, lambda: client.request("GET", "/2/users/me"))
    assert asks == [0, 1]
    assert len([request for request in got if request]) == 1


def test_the_gate_is_asked_when_the_connection_stands_and_nothing_is_written(door: socket.socket) -> None:
    accepted: list[socket.socket] = []

    def before() -> None:
        line, _ = door.accept()
        accepted.append(line)
        with pytest.raises(BlockingIOError):
            line.recv(1, socket.MSG_DONTWAIT)
        raise Worn("half of the lease is gone")

    with Session(before=before) as session, pytest.raises(Worn):
        asked(session, lambda: session.post(f"http://127.0.0.1:{door.getsockname()[1]}", data=b"words"))
    with accepted[0] as line:
        assert line.recv(65_536) == b""


def test_what_the_other_side_closed_while_the_gate_was_asked_is_never_sent(door: socket.socket) -> None:
    def before() -> None:
        door.accept()[0].close()

    with Session(before=before) as session, pytest.raises(NeverSent, match="closed before the request was written"):
        asked(session, lambda: session.post(f"http://127.0.0.1:{door.getsockname()[1]}", data=b"words"))


def test_a_large_request_takes_longer_than_a_connection(door: socket.socket) -> None:
    """An image on a slow line."""
    size = 8_000_000  # more than both sides keep for each other

    def serve() -> None:
        with door.accept()[0] as line:
            time.sleep(1.5)
            left = size
            while left > 0:
                left -= len(line.recv(1_000_000))
            line.sendall(OK + b'{"a": "b" }')

    thread = threading.Thread(target=serve)
    thread.start()
    with Session(connect=SECOND, read=20 * SECOND) as session:
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        assert asked(session, lambda: session.post(url, data=b"x" * size)).fine
    thread.join(5)


def test_a_request_is_written_in_one_piece(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    class Noting(socket.socket):
        def sendall(self, data: Any, *flags: int) -> None:
            if f":{self.getpeername()[1]}" in url:
                written.append(bytes(data))
            super().sendall(data, *flags)

    url = serve(OK, b'{"a": "b" }')
    with monkeypatch.context() as patch, Session() as session:
        patch.setattr(socket, "socket", Noting)
        asked(session, lambda: session.post(url, json={"text": "words"}))
    assert [(piece[:4], piece[-7:]) for piece in written] == [(b"POST", b'words"}')]


def test_a_library_that_chokes_on_an_answer_does_not_hide_it(serve: Serve) -> None:
    url = serve(b"HTTP/1.1 429 Slow\r\nx-rate-limit-reset: soon\r\nContent-Length: 0\r\n\r\n")
    with Session({"https://api.twitter.com": url}) as session:
        client = tweepy.Client(bearer_token="t")
        client.session = session
        answer = asked(session, lambda: client.request("GET", "/2/users/me"))
    assert answer.status == 429


def test_a_request_that_cannot_be_written_is_never_sent_and_not_told(serve: Serve) -> None:
    with Session() as session, pytest.raises(NeverSent) as told:
        asked(session, lambda: session.get(serve(b""), headers={"Authorization": "Bearer s3cret\u200b"}))
    assert "s3cret" not in str(told.value)


def test_a_library_that_fails_once_the_request_is_written_is_no_proof_that_nothing_was_sent(serve: Serve) -> None:
    url = serve(b"HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n")

    def fails(session: Session) -> None:
        session.get(url)
        session.last = None
        raise ValueError(url)

    with Session() as session, pytest.raises(ValueError, match="http"):
        asked(session, lambda: fails(session))


def test_a_refused_connection_is_never_sent() -> None:
    with Session() as session, pytest.raises(NeverSent):
        _get(session, f"http://{_closed_port()}/")


def test_a_name_without_an_address_is_never_sent() -> None:
    with Session() as session, pytest.raises(NeverSent):
        _get(session, "http://nowhere.invalid/")


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", b""], ids=["no-tls", "closed"])
def test_a_handshake_that_fails_is_never_sent(serve: Serve, reply: bytes) -> None:
    url = serve(reply)
    with Session() as session, pytest.raises(NeverSent):
        _get(session, url.replace("http://", "https://"))


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), begin, begin.replace(year=2090)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "authority.pem"
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return file


def _over_tls(authority: Path, reply: bytes, call: Callable[[str], Answer]) -> Answer:
    """Serve one connection over TLS while ``call`` runs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)

    def answer(door: socket.socket) -> None:
        line, _ = door.accept()
        try:
            with context.wrap_socket(line, server_side=True) as tls:
                tls.recv(65_536)
                tls.sendall(reply)
        except OSError:
            line.close()

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=answer, args=(door,))
        thread.start()
        try:
            return call(f"https://127.0.0.1:{door.getsockname()[1]}/")
        finally:
            thread.join(5)


def test_over_tls_an_answer_comes_and_one_that_breaks_off_is_unknown(authority: Path) -> None:
    # While the gate is asked the tickets of TLS come in, which are no answer.
    with Session(before=lambda: time.sleep(0.2), read=SECOND) as session:
        session.verify = str(authority)
        assert _over_tls(authority, OK + b'{"a": "b" }', lambda url: _get(session, url)).facts == {"a": "b"}
    with Session(read=SECOND) as session:
        session.verify = str(authority)
        with pytest.raises(Unknown):
            _over_tls(authority, OK + b'{"a"', lambda url: _get(session, url))


def test_a_certificate_that_nobody_vouches_for_is_never_sent(authority: Path) -> None:
    with Session(read=SECOND) as session, pytest.raises(NeverSent, match="certificate"):
        _over_tls(authority, OK, lambda url: _get(session, url))


def test_an_address_that_is_none_is_never_sent() -> None:
    with Session() as session, pytest.raises(NeverSent):
        _get(session, "gopher://example.org/")


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"{"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\n{"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n", b"nope"),
        (b"garbage\r\n\r\n",),
    ],
    ids=["closed", "cut-body", "cut-chunk", "not-gzip", "no-http"],
)
def test_an_answer_that_does_not_come_whole_is_unknown(serve: Serve, pieces: tuple[bytes, ...]) -> None:
    url = serve(*pieces)
    with Session(read=SECOND) as session, pytest.raises(Unknown):
        _get(session, url)
    assert session.last is None


def test_silence_is_unknown_after_the_bound(serve: Serve) -> None:
    url = serve(b"", pause=1.0)
    began = time.monotonic()
    with Session(read=SECOND / 5) as session, pytest.raises(Unknown):
        _get(session, url)
    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize("content", [b"", b"\xff", b"{", b"[" * 100_000, b'{"a":' * 100_000])
def test_a_body_that_is_no_json_is_none_however_deep(content: bytes) -> None:
    assert (Answer(200, content=content).body, Answer(200, content=content).facts) == (None, {})


def test_a_body_that_drips_is_unknown_after_the_bound(serve: Serve) -> None:
    url = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", *[b"x"] * 40, pause=0.05)
    began = time.monotonic()
    with Session(read=SECOND / 4) as session, pytest.raises(Unknown):
        _get(session, url)
    assert time.monotonic() - began < 1.0


def test_headers_that_drip_are_unknown_after_the_bound(serve: Serve) -> None:
    line = b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 60
    url = serve(*[bytes([byte]) for byte in line], pause=0.05)
    began = time.monotonic()
    with Session(read=SECOND / 4) as session, pytest.raises(Unknown):
        _get(session, url)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ConnectTimeout("slow"), NeverSent),
        (requests.ReadTimeout("slow"), Unknown),
        (requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", ConnectionResetError())), Unknown),
        (requests.exceptions.SSLError(ssl.SSLEOFError("eof in the middle")), Unknown),
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError("expired")), NeverSent),
        (requests.exceptions.ChunkedEncodingError("cut"), Unknown),
        (OSError("anything"), Unknown),
    ],
)
def test_only_what_surely_stayed_here_is_never_sent(error: Exception, kind: type[Exception]) -> None:
    assert type(network_outcome(error)) is kind


def test_no_secret_is_left_in_words() -> None:
    secrets = (
        "https://graph.facebook.com/me?access_token=SECRET&appsecret_proof=SECRET&fields=id",
        "Authorization: Bearer SECRET",
        'OAuth oauth_token="SECRET", oauth_signature="SECRET"',
        "{'refresh_token': 'SECRET', 'client_secret': 'SECRET'}",
        "smtp://user:SECRET@example.org",
        "Basic U0VDUkVUSECRET==",
        "https://graph.facebook.com/oauth/access_token?client_id=1&code=SECRET&client_secret=SECRET",
        "the token cmp_SECRETSECRET is none",
        "signed with whsec_SECRET/SECRET+SECRET=",
        '{"token": "SECRET", "secret":"SECRET", "accessJwt": "SECRET", "accessToken": "SECRET"}',
        json.dumps({"body": json.dumps({"token": "one SECRET", "password": 'a "SECRET'})}),
        "passphrase=SECRET",
        "https://:SECRET@example.org",
        "password=\"two SECRET words\", passwd='a \\'SECRET', password=\"cut off SECRET",
        'password=token="SECRET"',
    )
    for text in secrets:
        assert "SECRET" not in scrub(text), text
    assert "fields=id" in scrub(secrets[0])
    assert scrub('{"password": "a SECRET", "user": "oak"}') == '{"password": "…", "user": "oak"}'
    for harmless in (
        "(#100) error_code=36008, code: 190",
        "the token: it has ended",
        'password="", next="x"',
        "https://example.org:443/@oak",
        "Every token begins with cmp_",
    ):
        assert scrub(harmless) == harmless


@pytest.mark.parametrize("again", ["\\", "password=", 'password="', "password='\\\"", "password ", "://:", "secret=' "])
def test_long_words_are_searched_for_secrets_in_one_go(again: str) -> None:
    begun = time.process_time()
    scrub('password="' + again * 50_000)
    scrub(again * 50_000)
    assert time.process_time() - begun < 5, "more than one go takes minutes"


def test_a_token_in_an_address_is_not_told_by_an_error() -> None:
    with Session() as session, pytest.raises(NeverSent) as told:
        _get(session, f"http://{_closed_port()}/me?access_token=SECRET")
    assert "SECRET" not in str(told.value)


def test_libraries_do_not_log_what_they_send() -> None:
    logging.getLogger("tweepy.client").setLevel(logging.DEBUG)
    Session().close()
    for name in ("tweepy.client", "urllib3.connectionpool", "requests_oauthlib"):
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
