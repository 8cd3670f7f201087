"""What is refused at the door, in the log: who tried what, and from where. Never what they typed."""

import structlog
from fastapi import Request

log = structlog.get_logger(__name__)


def came_from(request: Request) -> str:
    """Return where a request comes from: the proxy's client where a proxy on this machine names it."""
    return request.client.host if request.client else ""


def note(request: Request, why: str, person: str | None = None) -> None:
    """Write one line about a refusal. ``person`` is whom it is about, where nobody has signed in yet."""
    known = getattr(request.state, "visitor", None) or getattr(request.state, "caller", None)
    acts = known.person if known is not None else None
    log.warning(
        "refused",
        why=why,
        person=acts.name if acts is not None else person,
        address=came_from(request),
        method=request.method,
        # The pattern and not the path: secrets stand in some.
        path=getattr(request.scope.get("route"), "path", ""),
    )
