"""The mail catcher: takes every message, keeps it, and fails where the plan of faults says so.

Faults of the channel ``email``: endpoint ``rcpt`` (tempfail, permfail, drop-before-store) and endpoint ``data``
(tempfail, permfail, drop-before-store, drop-after-dot, store-then-delay). Replies follow RFC 5321 and RFC 3463.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from campaign.sandbox.calls import DELAY
from campaign.sandbox.faults import Fault
from campaign.sandbox.world import World

REPLIES: Mapping[tuple[str, str], str] = {
    ("rcpt", "tempfail"): "451 4.7.1 Greylisted, please try again later",
    ("rcpt", "permfail"): "550 5.1.1 No such mailbox here",
    ("data", "tempfail"): "451 4.3.0 Not now, please try again later",
    ("data", "permfail"): "554 5.6.0 This message is refused",
}
TAKEN = "250 2.0.0 Taken"
GONE = "421 4.3.2 Closing"


class Catcher:
    """What aiosmtpd asks about every recipient and message."""

    def __init__(self, world: World) -> None:
        self.world = world

    def protocol(self, loop: asyncio.AbstractEventLoop) -> SMTP:
        """Return the protocol of one connection. The name is fixed, for the machine's own may need a look-up."""
        return SMTP(
            self,
            hostname="sandbox",
            ident="campaign sandbox",
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=_anyone,
            loop=loop,
        )

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse it by fault."""
        del session
        fault = self.world.faults.next("email", "rcpt")
        if fault and ("rcpt", fault.kind) in REPLIES:
            self.world.faults.note("email", "rcpt", fault)
            return REPLIES["rcpt", fault.kind]
        if fault and fault.kind == "drop-before-store":
            return self._cut(server, "rcpt", fault)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Keep the message, or fail by fault."""
        del session
        fault = self.world.faults.next("email", "data")
        if fault and ("data", fault.kind) in REPLIES:
            self.world.faults.note("email", "data", fault)
            return REPLIES["data", fault.kind]
        if fault and fault.kind == "drop-before-store":
            return self._cut(server, "data", fault)
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        self.world.add_mail(envelope.mail_from or "", envelope.rcpt_tos, raw)
        return await self._after(server, fault)

    async def _after(self, server: SMTP, fault: Fault | None) -> str:
        match fault:
            case Fault(kind="drop-after-dot" | "store-then-drop"):
                return self._cut(server, "data", fault)
            case Fault(kind="store-then-delay"):
                self.world.faults.note("email", "data", fault)
                await asyncio.sleep(fault.seconds or DELAY)
        return TAKEN

    def _cut(self, server: SMTP, endpoint: str, fault: Fault) -> str:
        self.world.faults.note("email", endpoint, fault)
        if isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return GONE


def _anyone(*_facts: object) -> AuthResult:
    """Let everyone sign in: the catcher keeps mail from nobody."""
    return AuthResult(success=True)


async def catch(world: World, loop: asyncio.AbstractEventLoop, host: str, port: int) -> asyncio.Server:
    """Listen for mail. Port 0 takes a free one."""
    return await loop.create_server(partial(Catcher(world).protocol, loop), host, port)
