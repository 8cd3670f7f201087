"""Whom the local platforms know: the accounts and tokens of the same accounts.csv that the product imports."""

import csv
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from campaign.errors import BadInput, Finding

COLUMNS = ("partner", "channel", "handle", "external_id")


@dataclass(frozen=True, slots=True)
class SandboxAccount:
    """One account on a local platform. ``credentials`` are what its holder would present, never logged."""

    channel: str
    external_id: str
    handle: str
    partner: str
    partner_name: str
    mode: str = "api"
    credentials: Mapping[str, str] = field(repr=False, default_factory=dict)

    @property
    def scopes(self) -> frozenset[str] | None:
        """The permissions of its token (credentials key ``scopes`` or ``scope``); None means all of them."""
        listed = self.credentials.get("scopes") or self.credentials.get("scope")
        return frozenset(listed.replace(",", " ").split()) if listed else None

    def may(self, scope: str) -> bool:
        """Say whether the token carries this permission."""
        return self.scopes is None or scope in self.scopes


def load_accounts(path: Path, environ: Mapping[str, str] | None = None) -> tuple[SandboxAccount, ...]:
    """Read accounts.csv (``partner,channel,handle,external_id,mode,credentials``, further columns are ignored).

    ``credentials`` is ``env:NAME`` or ``file:PATH`` to a JSON object; a path is relative to the CSV. An optional
    column ``name`` gives the partner's name for the pages.

    Raises:
        BadInput: every row that cannot be used, with its line.

    """
    findings: list[Finding] = []
    accounts: list[SandboxAccount] = []
    with io.StringIO(_text(path), newline="") as lines:
        rows = csv.DictReader(lines)
        _check_header(path, rows.fieldnames or ())
        for row in rows:
            try:
                accounts.append(_account(row, path.parent, os.environ if environ is None else environ))
            except (OSError, ValueError, TypeError, KeyError) as error:
                mend = "Give env:NAME or file:PATH of a JSON object"
                findings.append(Finding(path.name, "credentials", str(error), mend, rows.line_num))
    if findings:
        raise BadInput(findings)
    return tuple(accounts)


def _text(path: Path) -> str:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        mend = "Name the accounts.csv that the program imports"
        raise BadInput([Finding(path.name, "the file", "it is no CSV in UTF-8", mend)]) from error
    if "\0" in text:
        raise BadInput(
            [Finding(path.name, "the file", "it is no CSV", "Name the accounts.csv that the program imports")]
        )
    return text


def _check_header(path: Path, names: object) -> None:
    missing = [column for column in COLUMNS if column not in tuple(names)]  # type: ignore[arg-type]
    if missing:
        raise BadInput([Finding(path.name, column, "the column is missing", "Add it", 1) for column in missing])


def _account(row: Mapping[str, str | None], folder: Path, environ: Mapping[str, str]) -> SandboxAccount:
    cell = {key: (value or "").strip() for key, value in row.items() if key}
    return SandboxAccount(
        channel=cell["channel"],
        external_id=cell["external_id"],
        handle=cell["handle"],
        partner=cell["partner"],
        partner_name=cell.get("name") or cell["partner"],
        mode=cell.get("mode") or "api",
        credentials=_credentials(cell.get("credentials", ""), folder, environ),
    )


def _credentials(reference: str, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    if not reference:
        return {}
    kind, _, place = reference.partition(":")
    if kind == "env":
        text = environ[place]
    elif kind == "file":
        text = (folder / place).read_text("utf-8")
    else:
        raise ValueError(f"{kind!r} is no kind of reference")
    facts = json.loads(text)
    if not isinstance(facts, dict):
        raise TypeError(f"{reference} holds no JSON object")
    return {str(key): _plain(value) for key, value in facts.items()}


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(map(str, value))
    return json.dumps(value)
