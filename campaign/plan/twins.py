"""Sees to it that nobody says what another account says, where the platform forbids that (rulings, 17). Pure."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from campaign.errors import Finding
from campaign.models.status import OVER, PLANNABLE
from campaign.plan.rows import PlanFacts, PlanRow
from campaign.plan.words import TOKEN
from campaign.ports import Draft, Limits, Message

_ORDER = {"keep": 0, "change": 1, "add": 2}


def folded(text: str) -> str:
    """Return a text as a platform's check for duplicates sees it: case folded, single blanks."""
    return " ".join(text.split()).casefold()


def text_key(message: Message) -> str:
    """Return the digest of the words as a platform's duplicate check would see them: folded case, single blanks."""
    return hashlib.sha256(
        "\n".join([folded(message.text), message.link or "", message.share_of or ""]).encode()
    ).hexdigest()


def spoken(compose: Callable[[str, Draft, str], Message], channel: str, draft: Draft) -> str:
    """Return the draft's words on a channel, folded."""
    return folded(compose(channel, draft, TOKEN).text)  # where copies are forbidden the words carry no token


class Speakers:
    """Who says what, on the channels that forbid copies."""

    def __init__(self, channels: Mapping[str, Limits], compose: Callable[[str, Draft, str], Message]) -> None:
        self._channels = channels
        self._compose = compose
        self._by_words: dict[tuple[str, str], int] = {}

    def repeats(self, channel: str, account_id: int, draft: Draft) -> bool:
        """Note who says it, and tell whether another account says it already. A share says nothing of its own."""
        if draft.share_of or channel not in self._channels or self._channels[channel].copies:
            return False
        words = spoken(self._compose, channel, draft)
        return self._by_words.setdefault((channel, words), account_id) != account_id


def copy_finding(channel: str, partner: str, template: str) -> Finding:
    """Return the finding of a post that would be a copy, with what its partner can do."""
    mend = (
        f"Give {partner} a line of its own (`campaign partners set {partner} x_line=...`), "
        "or take it out of the slot and let it share the other's post"
    )
    problem = f"another account says the same on {channel}, which forbids copies"
    return Finding(template, "words", problem, mend, on_page="Write a line that is your own")


def without_copies(facts: PlanFacts, rows: Sequence[PlanRow]) -> list[PlanRow]:
    """Block each row that would say what another account says, in this plan or in a post that is stored already.

    What stands longer keeps its words: stored posts come before new ones.
    """
    if facts.compose is None:
        return list(rows)
    speakers = Speakers(facts.channels, facts.compose)
    open_ids = {post.id for post in facts.existing if post.status in PLANNABLE}
    judged = sorted((n for n, row in enumerate(rows) if _is_open(row, open_ids)), key=lambda n: _ORDER[rows[n].action])
    again = {rows[n].post_id for n in judged} | {row.post_id for row in rows if row.action == "withdraw"}
    channels = {account.id: account.channel for account in facts.accounts}
    for post in facts.existing:
        if post.id not in again and post.status not in OVER:
            speakers.repeats(channels.get(post.account_id, ""), post.account_id, post.draft)
    found = list(rows)
    for number in judged:
        row = rows[number]
        if row.draft is not None and speakers.repeats(row.channel, row.account_id, row.draft):
            finding = copy_finding(row.channel, row.partner, row.template)
            found[number] = replace(row, action="blocked", reason=finding.problem, findings=(finding,))
    return found


def _is_open(row: PlanRow, open_ids: Collection[int]) -> bool:
    """Say whether the row is about words that may still be kept from going out."""
    return row.action == "add" or (row.action in _ORDER and row.post_id in open_ids)
