"""How each platform counts the length of a text: rules proved by published conformance data.

The one room that an adapter and its emulator may both import; it knows nothing of either.
"""

from campaign.weights.links import x_urls
from campaign.weights.plain import (
    FACEBOOK_MAX,
    LINKEDIN_MAX,
    SUBJECT_HARD,
    facebook_length,
    linkedin_length,
)
from campaign.weights.x import X_MAX, x_length, x_valid

__all__ = [
    "FACEBOOK_MAX",
    "LINKEDIN_MAX",
    "SUBJECT_HARD",
    "X_MAX",
    "facebook_length",
    "linkedin_length",
    "x_length",
    "x_urls",
    "x_valid",
]
