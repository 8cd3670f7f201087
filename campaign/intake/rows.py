"""A table's rows, and what is wrong in them, gathered to be told at once: the file, the line, the column, the mend."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from unicodedata import category

from campaign.errors import BadInput, Finding

_CONTROL = "Cc"
_BLANK = "Zs"


@dataclass(slots=True)
class Row:
    """One row: the line it begins on, and its trimmed values by column. Faults are gathered in the sheet."""

    sheet: "Sheet"
    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Return the value of a column, empty where the file does not have it."""
        return self.values.get(column, "")

    def fault(self, column: str, problem: str, mend: str) -> None:
        """Note what is wrong in this row."""
        self.sheet.fault(column, problem, mend, self.line)

    def need(self, column: str, limit: int) -> str:
        """Return the value of a column that must be filled, in at most ``limit`` characters."""
        if not self[column]:
            self.fault(column, "it is empty", "Fill it in")
        return self.at_most(column, limit)

    def at_most(self, column: str, limit: int) -> str:
        """Return the value of a column, noting one that is longer than ``limit`` characters or not one line."""
        self.fit(column, limit)
        self.one_line(column)
        return self[column]

    def fit(self, column: str, limit: int) -> None:
        """Note a value that is longer than ``limit`` characters."""
        if len(self[column]) > limit:
            self.fault(column, f"it has {len(self[column])} characters", f"Shorten it to {limit}")

    def one_line(self, column: str) -> None:
        """Note, once, a value that is not one line; the blanks that web pages and spreadsheets leave in it are."""
        if any(not mark.isprintable() and category(mark) != _BLANK for mark in self[column]):
            problem, mend = "it holds a line break or another control character", "Write it on one line"
            found = Finding(self.sheet.name, column, problem, mend, self.line)
            if found not in self.sheet.findings:
                self.sheet.findings.append(found)

    def details(self, known: Collection[str]) -> dict[str, str]:
        """Return the filled values of all columns beyond the known ones, noting those with a control character: no mail
        takes it in its subject, and no post in its words.
        """
        found = {column: value for column, value in self.values.items() if value and column not in known}
        for column, value in found.items():
            if not value.isprintable() and any(category(mark) == _CONTROL and not mark.isspace() for mark in value):
                self.fault(column, "it holds a control character", "Type the words anew instead of pasting them")
        return found


@dataclass(slots=True)
class Sheet:
    """The table, and the faults found in it so far."""

    name: str
    columns: tuple[str, ...] = ()
    header_line: int = 1
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def fault(self, column: str, problem: str, mend: str, line: int | None = None) -> None:
        """Note what is wrong, and where."""
        self.findings.append(Finding(self.name, column, problem, mend, line))

    def refuse_faults(self) -> None:
        """Raise BadInput when any fault was noted."""
        if self.findings:
            raise BadInput(sorted(self.findings, key=lambda finding: finding.line or 0))

    def refuse_repeats(self, columns: str, keys: Iterable[tuple[Row, str]]) -> None:
        """Note every row whose key stood in an earlier row; case makes no difference."""
        first: dict[str, int] = {}
        for row, key in keys:
            earlier = first.setdefault(key.casefold(), row.line)
            if key and earlier != row.line:
                row.fault(columns, f"{key!r} stands in line {earlier} too", "Keep one of the two")
