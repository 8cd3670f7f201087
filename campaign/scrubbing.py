"""What looks like a secret, taken out of words before they are shown, logged or stored.

Each look goes through the words once: whoever sends long ones keeps nobody busy.
"""

import re

_ASSIGNED = re.compile(
    r"(?i)(?:access_?token|appsecret_proof|client_?secret|refresh_?token|consumer_secret|app_secret|fb_exchange_token"
    r"|access_token_secret|id_token|oauth_signature|oauth_token|input_token|code_verifier|api_?key|access_?jwt"
    r"|refresh_?jwt|password|passwd|passphrase|(?<!\w)(?:token|secret)(?==)|(?<=[\"'])(?:token|secret)(?=\\*[\"']\s*:)"
    r"|(?<=[?&])code(?==))\\*[\"']?\s*(?:[=:]|%3D)\s*(\\*)([\"']?)"
)
"""The name of a secret up to where its value begins, with the mark of quotation there and the backslashes before it."""
_BARE = re.compile(r"[^&\s\\\"',;)}]*")
_QUOTE_OR_LINE = re.compile(r"(?<!\\)(\\*)([\"'])|\n")
_PAGE_TOKENS = re.compile(r"\bEAA[A-Za-z0-9_-]{16,}")
_OUR_OWN = re.compile(r"(?<![A-Za-z0-9])(cmp_|whsec_)[A-Za-z0-9_+/=%-]{8,}")
"""Tokens of the API, and secrets of webhooks."""
_SCHEMES = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=%-]+")
_LOGINS = re.compile(r"(://)[^/\s:@]*:[^/\s@]+@")


def scrub(text: str) -> str:
    """Return ``text`` (words, a header or an address) with what looks like a secret taken out."""
    text = _PAGE_TOKENS.sub("EAA…", _without_values(text))
    text = _OUR_OWN.sub(r"\1…", text)
    text = _SCHEMES.sub(r"\1 …", text)
    return _LOGINS.sub(r"\1…@", text)


def _without_values(text: str) -> str:
    kept, at = list[str](), 0
    for found in _ASSIGNED.finditer(text):
        begin = max(at, found.end())
        if found.end() > at and (end := _end_of_value(text, found)) > begin:
            kept += [text[at:begin], "…"]
            at = end
    return "".join([*kept, text[at:]])


def _end_of_value(text: str, found: re.Match[str]) -> int:
    """Return where a value ends: with its mark of quotation, however deep in other quotations, else with its word."""
    slashes, mark = found.groups()
    if not mark:
        bare = _BARE.match(text, found.end())
        return bare.end() if bare else found.end()
    for one in _QUOTE_OR_LINE.finditer(text, found.end()):
        if one[0] == "\n" or (one[2] == mark and len(one[1]) <= len(slashes)):
            return one.start()
    return len(text)
