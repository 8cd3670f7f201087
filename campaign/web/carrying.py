"""A file that is shown before it is taken: it goes with the preview to the browser, and comes back to be confirmed."""

import base64
import binascii

from campaign.web.forms import Posted, Upload


def carried(sent: Posted) -> Upload | None:
    """Return the file as it is uploaded, or as the preview carries it on."""
    uploaded = sent.files.get("file")
    if uploaded is not None and uploaded.content:
        return uploaded
    try:
        content = base64.b64decode(sent.one("content"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Upload(sent.one("name")[:200], content) if content else None


def in_letters(file: Upload) -> str:
    """Return the content as a hidden field carries it."""
    return base64.b64encode(file.content).decode()
