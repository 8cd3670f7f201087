"""What looks like a secret, taken out of words before they are shown, logged or stored."""

import re

_SECRETS = re.compile(
    r"(?i)((?:access_token|appsecret_proof|client_secret|refresh_token|consumer_secret|app_secret|fb_exchange_token"
    r"|access_token_secret|id_token|oauth_signature|oauth_token|input_token|code_verifier|api_key|password|(?<!\w)token(?==)|(?<=[?&])code(?==))"
    r"\\*[\"']?\s*(?:[=:]|%3D)\s*\\*[\"']?)([^&\s\\\"',;)}]+)"
)
_PAGE_TOKENS = re.compile(r"\bEAA[A-Za-z0-9_-]{16,}")
_SCHEMES = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=%-]+")
_LOGINS = re.compile(r"(://)[^/\s:@]+:[^/\s@]+@")


def scrub(text: str) -> str:
    """Return ``text`` (words, a header or an address) with what looks like a secret taken out."""
    text = _PAGE_TOKENS.sub("EAA…", _SECRETS.sub(r"\1…", text))
    text = _SCHEMES.sub(r"\1 …", text)
    return _LOGINS.sub(r"\1…@", text)
