"""Proof that a form was sent from a page of ours: where the browser says it comes from, and the visit's own token."""

from hmac import compare_digest
from urllib.parse import urlsplit

from fastapi import Request

from campaign.errors import TurnedAway
from campaign.web.forms import Sent
from campaign.web.visitor import visitor

TOKEN = "form_token"  # noqa: S105 - the name of the field
_OWN = frozenset({"same-origin", "none"})


class Forged(TurnedAway):
    """No page of ours sent this form."""

    status, code, noted = 403, "forged", "a form that no page of ours sent"


def guarded(request: Request, form: Sent) -> None:
    """Refuse a form from elsewhere. Raises Forged."""
    if not comes_from_us(request):
        raise Forged
    visit = visitor(request).visit
    token = visit.form_token if visit is not None else ""
    # An empty token equals an empty token: without a visit nothing may pass.
    if not token or not compare_digest(token.encode(), form.one(TOKEN).encode()):
        raise Forged


def comes_from_us(request: Request) -> bool:
    """Say whether the browser's own word, where it gives one, names this site as the sender."""
    fetched_from = request.headers.get("sec-fetch-site")
    if fetched_from is not None and fetched_from not in _OWN:
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    public = urlsplit(str(request.app.state.house.app.settings.web.public_url))
    return origin in {f"{public.scheme}://{public.netloc}", f"{request.url.scheme}://{request.url.netloc}"}
