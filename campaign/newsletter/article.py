"""The copy-ready article: for partners who have no list with us and paste the words into their own newsletter."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from campaign.errors import UnknownName
from campaign.newsletter.marks import Skeleton
from campaign.newsletter.render import FOOT, WORDS_FROM, WORDS_UNTIL
from campaign.ports import Message

_PAGE = """<!DOCTYPE html>
<html lang="en-GB" dir="ltr">
<body>
<div lang="en-GB" dir="ltr">
{}
</div>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Article:
    """The article in three forms: HTML to paste, plain text, and a mail file that mail programs open as a draft; with
    the subject and the preheader of the issue.
    """

    subject: str
    preheader: str
    html_fragment: str
    plain: str
    eml: bytes


def article_of(message: Message) -> Article:
    """Return the article of a post. Raises UnknownName where it is no issue."""
    if message.html is None:
        raise UnknownName(kind="article", name=message.channel, mend="Only a newsletter has one.")
    return article(message)


def article(message: Message) -> Article:
    """Return the article of an issue: its words alone, without the letter's foot, for that is the partner's own."""
    _, _, after = (message.html or "").partition(WORDS_FROM)
    fragment = _unmarked(after.partition(WORDS_UNTIL)[0]).strip()
    plain = _unmarked(message.text.rpartition(FOOT)[0] or message.text).strip() + "\n"
    subject, preheader = (" ".join(_unmarked(text or "").split()) for text in (message.subject, message.preheader))
    return Article(subject, preheader, fragment, plain, _draft(subject, fragment, plain))


def _draft(subject: str, fragment: str, plain: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject
    mail["X-Unsent"] = "1"  # opens as a draft, not as a mail received
    mail.set_content(plain)
    mail.add_alternative(_PAGE.format(fragment), subtype="html")
    return mail.as_bytes()


def _unmarked(text: str) -> str:
    """Put each mark's words for the unknown in its place."""
    return Skeleton.of(text).filled({})
