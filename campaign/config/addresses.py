"""Addresses in settings: of platforms, of pages, of people; and whether a host is this machine."""

import ipaddress
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

from campaign.config.faults import fault
from campaign.config.said import is_mail


def _on_the_web(url: str) -> SplitResult | None:
    """Return the parts of an address with a scheme of the web and a host, None where it is none."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if sound else None


def _checked(url: str) -> str:
    parts = _on_the_web(url)
    if parts is None or parts.query or parts.fragment:
        raise fault("no web address", 'Write where the platform answers: "https://api.example.org"')
    return url


WebAddress = Annotated[str, AfterValidator(_checked)]
"""The address of a platform's API: http or https, with a host."""


def _page(url: str) -> str:
    mend = 'Write the address of the page: "https://www.example.org/privacy"; or "" for none'
    if url and not _on_the_web(url):
        raise fault("no web address", mend)
    return url


def _mail(text: str) -> str:
    if text and not is_mail(text):
        raise fault(f"{text!r} is no mail address", 'Write "campaign-team@example.org"; or "" for none')
    return text


PageAddress = Annotated[str, AfterValidator(_page)]
"""The address of a page that people open; empty for none."""

MailAddress = Annotated[str, AfterValidator(_mail)]
"""The address that people write to; empty for none."""


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
