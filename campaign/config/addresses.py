"""Addresses in settings: of platforms, and whether a host is this machine."""

import ipaddress
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


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
