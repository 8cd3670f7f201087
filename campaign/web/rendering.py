"""The templates of the pages: GOV.UK's macros beside our own, with the words and dates that they use."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader

from campaign.config.settings import WebSection
from campaign.web import words
from campaign.web.tables import carded
from campaign.wording import counted

HERE = Path(__file__).parent
STATIC = HERE / "static"
_MACROS = "govuk_frontend_jinja"
_INLINE = re.compile(r"<script \{%-? if cspNonce %\}.*?\{% endif %\}>(.*?)</script>", re.DOTALL)


class Pages:
    """Renders templates of ``pages/``. ``zone`` is the campaign's, in which every time is told; ``about`` names what
    stands below every page.
    """

    def __init__(self, zone: tzinfo, now: Callable[[], datetime], campaign: str, about: WebSection) -> None:
        self.static = f"/static/{_digest_of_static()}"
        own = FileSystemLoader(HERE / "pages")
        # The macros import one another by this very prefix. They leave parameters out, so Undefined must be lenient.
        macros = PrefixLoader({_MACROS: PackageLoader(_MACROS)})
        self._environment = Environment(
            loader=ChoiceLoader([own, macros]), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.globals |= {
            "static": self.static,
            "campaign": campaign,
            "about": about,
            "tag_of": words.tag_of,
            "counted": counted,
            "like_day": lambda ahead: words.typed_day(now().astimezone(zone).date() + timedelta(days=ahead)),
        }
        self._environment.filters |= {**words.filters(zone, now), "carded": carded}

    def render(self, template: str, **names: Any) -> str:
        """Return the page's text."""
        return self._environment.get_template(template).render(names)

    @property
    def inline_script(self) -> str:
        """The one inline script of GOV.UK's template, as a content policy names it: ``sha256-…``."""
        source = self._environment.loader.get_source(self._environment, f"{_MACROS}/template.html")[0]  # type: ignore[union-attr]
        found = _INLINE.search(source)
        if found is None:
            msg = "the template of govuk-frontend-jinja has no inline script any more"
            raise LookupError(msg)
        return f"sha256-{base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()}"


def _digest_of_static() -> str:
    """Return a name for the files as they are: a browser may then keep them for good."""
    digest = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
