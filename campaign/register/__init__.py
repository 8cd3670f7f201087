"""Storing what intake has read and checked: partners, accounts, subscribers. All rows of a file, or none; of a long
file of subscribers some after others.
"""

from dataclasses import dataclass, field

from campaign.wording import counted


@dataclass(slots=True)
class Taken:
    """How many rows were new, changed, as before, or of readers who have left and stay away; ``removed``: how many that
    were stored the file took away; ``touched`` are the ids of stored accounts that changed.
    """

    added: int = 0
    changed: int = 0
    same: int = 0
    left: int = 0
    removed: int = 0
    touched: list[int] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows that are."""
        return self.added + self.changed + self.same + self.left

    def count(self, *, added: bool, changed: bool, left: bool = False) -> None:
        """Count one row."""
        if added:
            self.added += 1
        elif changed:
            self.changed += 1
        elif left:
            self.left += 1
        else:
            self.same += 1

    def said(self, thing: str) -> str:
        """Say in one sentence what came of a file of things of this name, in the singular."""
        said = [f"{counted(self.added, thing)} added", f"{self.changed} changed", f"{self.same} as before"]
        said += [f"{self.removed} removed"] if self.removed else []
        said += [f"{self.left} unsubscribed before and staying away"] if self.left else []
        return f"{', '.join(said)}."
