"""What a person typed as a name or a reason: one line that says something."""

from campaign.errors import WrongUse


def said(what: str, text: str) -> str:
    """Return the text as one line without outer blanks.

    Raises:
        WrongUse: it says nothing, or holds a line break or another control character.

    """
    line = text.strip()
    if not line or not line.isprintable():
        why = "holds a line break or another control character" if line else "is empty"
        raise WrongUse(problem=f"The {what} {why}", mend="Write it on one line.")
    return line
