"""Addresses in settings: of platforms, of pages, of people; and whether a host is this machine."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from campaign.config.faults import fault


def _checked(url: str) -> str:
    mend = 'Write where the platform answers: "https://api.example.org"'
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:
        raise fault("no web address", mend) from error
    if not sound or parts.query or parts.fragment:
        raise fault("no web address", mend)
    return url


WebAddress = Annotated[str, AfterValidator(_checked)]
"""The address of a platform's API: http or https, with a host."""


def _page(url: str) -> str:
    mend = 'Write the address of the page: "https://www.example.org/privacy"; or "" for none'
    try:
        parts = urlsplit(url)
        sound = not url or (parts.scheme in {"http", "https"} and parts.hostname)
    except ValueError as error:
        raise fault("no web address", mend) from error
    if not sound:
        raise fault("no web address", mend)
    return url


def _mail(text: str) -> str:
    if text and not _MAIL.fullmatch(text):
        raise fault(f"{text!r} is no mail address", 'Write "campaign-team@example.org"; or "" for none')
    return text


_MAIL = re.compile(r"[\w.+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)

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
