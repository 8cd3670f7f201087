"""Whatever an exception carries, however deep it is quoted, no log line shows it: no call site has to think of it."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.thorough
PROGRAM = """
import sys
import structlog
from campaign.logs import set_up_logs

set_up_logs("info", as_json=sys.argv[1] == "json")
log = structlog.get_logger()
try:
    try:
        raise RuntimeError(sys.argv[2])
    except RuntimeError as cause:
        raise LookupError("while sending") from cause
except LookupError as error:
    log.exception("unforeseen", post=1)
    log.error("work broke off", error=repr(error.__cause__), args=error.__cause__.args)
"""
SECRET = "EAAB-SECRET"


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "carried",
    [
        f"GET https://graph.facebook.com/v25.0/me?access_token={SECRET} failed",
        f"Authorization: Bearer {SECRET}",
        f"https://oak:{SECRET}@mail.example.org:587",
        json.dumps({"body": json.dumps({"access_token": SECRET, "expires_in": 5})}),
        f"redirect_uri=https%3A%2F%2Fx.test%2F%3Faccess_token%3D{SECRET}",
        f"https://example.org/feed?token={SECRET}&x=1",
        "a page token EAABsbCS1iHgBAKZCZAPZCZBSECRET in words",
    ],
)
def test_no_log_line_shows_what_an_exception_carries(form: str, carried: str) -> None:
    command = [sys.executable, "-c", PROGRAM, form, carried]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own program
    assert SECRET not in done.stderr
    assert "SECRET" not in done.stderr
    assert "RuntimeError" in done.stderr
    assert "unforeseen" in done.stderr
