"""Say what each kind of test took, from pytest's reports; with REQUIRE_ALL=1 fail when one was skipped.

Usage: python scripts/test_kinds.py REPORT.xml ...
"""

import os
import sys
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

WIDTH = 10


def kind_of(case: ET.Element) -> str:
    """Return the folder under tests/ that a test stands in."""
    parts = case.get("classname", "").split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "tests" else "other"


def ending(case: ET.Element) -> str:
    """Return how a test ended: passed, failed or skipped."""
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in tags else "passed"


def _cases(report: Path) -> Iterator[ET.Element]:
    return ET.parse(report).iter("testcase")  # noqa: S314 (pytest's own report, written a moment ago)


def main(reports: Sequence[Path]) -> int:
    """Print a line per kind and the sum; return the exit code."""
    if not reports or (missing := [report for report in reports if not report.is_file() or not report.stat().st_size]):
        print(f"pytest wrote no report {', '.join(map(str, missing))}" if reports else __doc__)
        return 1
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, float] = defaultdict(float)
    for case in chain.from_iterable(map(_cases, reports)):
        ends[kind_of(case)][ending(case)] += 1
        seconds[kind_of(case)] += float(case.get("time", "0"))
    for kind in sorted(ends):
        counts = ", ".join(f"{count} {end}" for end, count in sorted(ends[kind].items()))
        print(f"{kind:{WIDTH}} {seconds[kind]:7.1f} s of work  {counts}")
    total = sum(ends.values(), Counter())
    skipped_wrongly = bool(total["skipped"] and os.environ.get("REQUIRE_ALL") == "1")
    if skipped_wrongly:
        print("REQUIRE_ALL=1: a skipped test is a failure here; see the reasons above")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return int(skipped_wrongly or not total["passed"])


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
