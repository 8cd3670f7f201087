"""A file that is shown before it is taken: it goes with the preview to the browser, and comes back to be confirmed."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import BadInput, Finding, WrongUse
from campaign.review.decisions import Desk
from campaign.web.forms import CONFLICT, WRONG, Form, Posted, Upload, faulty, seen
from campaign.web.visitor import Actor

MOST = 400_000
"""Bytes of a file of partners, accounts or readers here; a longer one is for the command line."""
_CHANGED = "What this file would do has changed since you saw it. Look at it again"

Row = TypeVar("Row")
Change = TypeVar("Change")


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


def counts(changes: Sequence[Any]) -> dict[str, int]:
    """Return how many rows are new, changed, and as before."""
    return {state: sum(one.state == state for one in changes) for state in ("new", "changed", "same")}


@dataclass(frozen=True, slots=True)
class Carrier(Generic[Row, Change]):
    """Takes files of one kind for one person: asks, shows what a file would do, stores it when that is confirmed.

    ``asks`` and ``shows`` are templates, ``names`` what both show, ``sums`` what the second shows beside the changes;
    ``then`` is the page that follows. ``read``, ``foresee`` and ``store`` may raise WrongUse.
    """

    who: Actor
    asks: str
    shows: str
    then: str
    read: Callable[[Upload], Sequence[Row]]
    foresee: Callable[[Session, Sequence[Row]], Sequence[Change]]
    store: Callable[[Desk, Sequence[Row]], str]
    sums: Callable[[Sequence[Change]], Mapping[str, Any]]
    names: Mapping[str, Any]

    def ask(self, form: Form[Any], findings: Sequence[Finding] = (), status: int = 200) -> Response:
        """Ask for a file, with what is to be mended in the last one."""
        return self.who.page(
            self.asks, status=status, form=form, findings=findings, most_kilobytes=MOST // 1000, **self.names
        )

    def answer(self, sent: Posted) -> Response:
        """Show what the file would do, or store it where it was seen and would still do that."""
        file = carried(sent)
        if file is None:
            return self.ask(Form(sent, None, {"file": "Choose a CSV file"}), status=WRONG)
        try:
            return self._answered(sent, file)
        except BadInput as error:
            said = {"file": "Nothing can be imported yet. See below what to correct in the file"}
            return self.ask(Form(sent, None, said), error.findings, WRONG)
        except WrongUse as error:
            return self.ask(faulty(sent, error, "file"), status=WRONG)

    def _answered(self, sent: Posted, file: Upload) -> Response:
        rows = self.read(file)
        if not rows:
            return self.ask(Form(sent, None, {"file": "The file has no rows"}), status=WRONG)
        confirmed = sent.one("do") == "import"
        if confirmed and (words := self._stored(rows, sent.one("told"))):
            return self.who.redirect(self.then, words)
        with self.who.reading() as session:
            changes = self.foresee(session, rows)
        form: Form[Any] = Form(sent, None, {"rows": _CHANGED}) if confirmed else Form()
        return self._shown(file, changes, form, CONFLICT if confirmed else 200)

    def _stored(self, rows: Sequence[Row], told: str) -> str:
        """Store the rows and say what came of it; nothing where they would do another thing than was shown."""
        with self.who.desk() as desk:
            if seen(self.foresee(desk.session, rows)) != told:
                return ""
            return self.store(desk, rows)

    def _shown(self, file: Upload, changes: Sequence[Change], form: Form[Any], status: int) -> Response:
        return self.who.page(
            self.shows,
            status=status,
            form=form,
            name=file.name,
            content=in_letters(file),
            told=seen(changes),
            changes=changes,
            **self.sums(changes),
            **self.names,
        )
