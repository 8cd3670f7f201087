"""The headers of every answer: a strict content policy, and nothing kept, framed, guessed or passed on."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEPT = "public, max-age=31536000, immutable"


class Headers:
    """Adds the headers, unless the answer has its own. ``script`` is the digest of the template's inline script."""

    def __init__(self, app: ASGIApp, script: str, static: str, *, secure: bool) -> None:
        self._app = app
        self._static = static
        self._all = headers(script, secure=secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the start of its answer gets the headers."""

        async def start(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in self._all.items():
                    found.setdefault(name, value)
                if scope["path"].startswith(self._static) and message["status"] < 400:  # noqa: PLR2004 - errors
                    found["Cache-Control"] = _KEPT
            await send(message)

        await self._app(scope, receive, start if scope["type"] == "http" else send)


MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
"""The policy of a letter shown in a frame: its own style and nothing else; it runs nothing and leads nowhere."""


def headers(script: str, *, secure: bool) -> Mapping[str, str]:
    """Return the headers. ``secure``: people open https, and shall never be led back to plain http."""
    policy = (
        "default-src 'none'",
        f"script-src 'self' '{script}'",
        *(f"{kind}-src 'self'" for kind in ("style", "img", "font", "connect", "frame")),
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    )
    found = {
        "Content-Security-Policy": "; ".join(policy),
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        # With "no-referrer" browsers send "Origin: null" with a form, and nobody could tell it from one of elsewhere.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    return found | ({"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if secure else {})
