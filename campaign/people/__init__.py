"""People: who acts and what they may do, how they prove who they are, and their sessions in the pages."""

from campaign.people.rights import OPERATOR, RIGHTS, Right, acting, demand
from campaign.people.roster import add_user

__all__ = ["OPERATOR", "RIGHTS", "Right", "acting", "add_user", "demand"]
