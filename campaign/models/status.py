"""The transition table of a post, and the names of its states and moves.

The table is drawn in ``docs/reference/states.md``; a test holds the two together. No code assigns a status:
``models.moves.move`` is the only door.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where a post stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    BY_HAND = "by_hand"
    RETRACTING = "retracting"
    RETRACTED = "retracted"


class Move(StrEnum):
    """What can happen to a post."""

    SUBMIT = "submit"
    EDIT = "edit"
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    CLAIM = "claim"
    SETTLE = "settle"
    DEFER = "defer"
    REFUSE = "refuse"
    LOSE = "lose"
    FOUND = "found"
    ABSENT = "absent"
    REVIVE = "revive"
    REARRANGE = "rearrange"
    HAND_OVER = "hand over"
    DONE = "done"
    RETRACT = "retract"
    GONE = "gone"
    RESTORE = "restore"

    @property
    def spoken(self) -> str:
        """Return what cannot be done to a post that the move is refused: ``be edited``."""
        return _SPOKEN[self]


S, M = Status, Move

_SPOKEN: Mapping[Move, str] = MappingProxyType(
    {
        M.SUBMIT: "be submitted",
        M.EDIT: "be edited",
        M.APPROVE: "be approved",
        M.RETURN: "be returned",
        M.REJECT: "be rejected",
        M.WITHDRAW: "be withdrawn",
        M.EXPIRE: "be missed",
        M.CLAIM: "be sent",
        M.SETTLE: "be recorded as published",
        M.DEFER: "be put off",
        M.REFUSE: "be recorded as refused",
        M.LOSE: "be left unconfirmed",
        M.FOUND: "be recorded as found",
        M.ABSENT: "be recorded as not there",
        M.REVIVE: "go back to review",
        M.REARRANGE: "get a new time",
        M.HAND_OVER: "be handed to a person",
        M.DONE: "be recorded as done",
        M.RETRACT: "be taken down",
        M.GONE: "be recorded as taken down",
        M.RESTORE: "be restored",
    }
)

TRANSITIONS: Mapping[tuple[Status, Move], tuple[Status, ...]] = MappingProxyType(
    {
        (S.DRAFT, M.SUBMIT): (S.IN_REVIEW,),
        (S.DRAFT, M.EDIT): (S.DRAFT,),
        (S.DRAFT, M.WITHDRAW): (S.WITHDRAWN,),
        (S.DRAFT, M.RESTORE): (S.UNCONFIRMED,),
        (S.IN_REVIEW, M.APPROVE): (S.APPROVED,),
        (S.IN_REVIEW, M.EDIT): (S.IN_REVIEW,),
        (S.IN_REVIEW, M.RETURN): (S.DRAFT,),
        (S.IN_REVIEW, M.REJECT): (S.REJECTED,),
        (S.IN_REVIEW, M.WITHDRAW): (S.WITHDRAWN,),
        (S.IN_REVIEW, M.EXPIRE): (S.MISSED,),
        (S.IN_REVIEW, M.RESTORE): (S.UNCONFIRMED,),
        (S.APPROVED, M.EDIT): (S.IN_REVIEW,),
        (S.APPROVED, M.WITHDRAW): (S.WITHDRAWN,),
        (S.APPROVED, M.EXPIRE): (S.MISSED,),
        (S.APPROVED, M.CLAIM): (S.PUBLISHING,),
        (S.APPROVED, M.HAND_OVER): (S.BY_HAND,),
        (S.APPROVED, M.FOUND): (S.PUBLISHED,),
        (S.APPROVED, M.RESTORE): (S.UNCONFIRMED,),
        (S.PUBLISHING, M.SETTLE): (S.PUBLISHED,),
        (S.PUBLISHING, M.DEFER): (S.APPROVED,),
        (S.PUBLISHING, M.REFUSE): (S.FAILED,),
        (S.PUBLISHING, M.LOSE): (S.UNCONFIRMED,),
        (S.PUBLISHING, M.RESTORE): (S.UNCONFIRMED,),
        (S.UNCONFIRMED, M.FOUND): (S.PUBLISHED,),
        (S.UNCONFIRMED, M.ABSENT): (S.APPROVED, S.MISSED),
        (S.FAILED, M.REVIVE): (S.IN_REVIEW,),
        (S.FAILED, M.REARRANGE): (S.APPROVED,),
        (S.FAILED, M.WITHDRAW): (S.WITHDRAWN,),
        (S.MISSED, M.REVIVE): (S.IN_REVIEW,),
        (S.MISSED, M.REARRANGE): (S.APPROVED,),
        (S.MISSED, M.FOUND): (S.PUBLISHED,),
        (S.MISSED, M.DONE): (S.PUBLISHED,),
        (S.MISSED, M.WITHDRAW): (S.WITHDRAWN,),
        (S.BY_HAND, M.DONE): (S.PUBLISHED,),
        (S.BY_HAND, M.EXPIRE): (S.MISSED,),
        (S.BY_HAND, M.WITHDRAW): (S.WITHDRAWN,),
        (S.BY_HAND, M.RESTORE): (S.UNCONFIRMED,),
        (S.PUBLISHED, M.RETRACT): (S.RETRACTING,),
        (S.RETRACTING, M.GONE): (S.RETRACTED,),
        (S.RETRACTING, M.REFUSE): (S.PUBLISHED,),
    }
)

PLANNABLE = frozenset({S.DRAFT, S.IN_REVIEW, S.APPROVED})
"""A change of plan may touch a post only while it stands here."""

UNSETTLED = (S.UNCONFIRMED, S.RETRACTING)
"""The platform is asked what became of a post that stands here, or a person is."""

OUT = frozenset({S.PUBLISHED, S.RETRACTING, S.RETRACTED})
"""What went out, none of it before it was due."""
OVER = frozenset({S.WITHDRAWN, S.REJECTED})
"""Nothing went out of a post that stands here, and nothing will."""

TAKEN = frozenset({S.PUBLISHING, S.PUBLISHED, S.BY_HAND, S.UNCONFIRMED, S.RETRACTING, S.RETRACTED})
"""A key that stands here is never planned again."""


def target(status: Status, move: Move, wanted: Status | None = None) -> Status | None:
    """Return where ``move`` leads from ``status``, or None where the table does not know it."""
    ends = TRANSITIONS.get((status, move), ())
    if wanted is not None:
        return wanted if wanted in ends else None
    return ends[0] if len(ends) == 1 else None


def moves_from(status: Status) -> tuple[Move, ...]:
    """Return the moves that the table knows from ``status``."""
    return tuple(move for start, move in TRANSITIONS if start == status)
