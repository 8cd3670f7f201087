"""Storing what intake has read and checked: partners, accounts, subscribers. All rows of a file, or none; of a long
file of subscribers some after others.
"""

from dataclasses import dataclass, field

from campaign.wording import counted


@dataclass(slots=True)
class Taken:
    """How many rows were new, changed, or as before; ``touched`` are the ids of stored accounts that changed."""

    added: int = 0
    changed: int = 0
    same: int = 0
    touched: list[int] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows that are."""
        return self.added + self.changed + self.same

    def count(self, *, added: bool, changed: bool) -> None:
        """Count one row."""
        if added:
            self.added += 1
        elif changed:
            self.changed += 1
        else:
            self.same += 1

    def said(self, thing: str, same: str = "as before") -> str:
        """Say in one sentence what came of a file of things of this name, in the singular."""
        return f"{counted(self.added, thing)} added, {self.changed} changed, {self.same} {same}."
