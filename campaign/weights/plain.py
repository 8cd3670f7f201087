"""Lengths of the platforms that count characters as they stand, and of a mail's subject."""

FACEBOOK_MAX = 63_206
"""Longest message of a Facebook page post, in characters."""

LINKEDIN_MAX = 3_000
"""Longest commentary of a LinkedIn post, in characters (LinkedIn Posts API; FIELD_LENGTH_TOO_LONG beyond)."""

SUBJECT_HARD = 998
"""Longest subject that the channel lets through: what RFC 5322 section 2.1.1 forbids a line to exceed."""


def facebook_length(text: str) -> int:
    """Return the length of a Facebook message in characters."""
    return len(text)


def linkedin_length(text: str) -> int:
    """Return the length of a LinkedIn commentary in characters, before the escaping of its "little" text."""
    return len(text)
