"""Run every benchmark: `python -m benchmarks [NAME ...]`; QUICK=1 makes it short. The last line is one JSON object."""

import json
import os
import sys

from benchmarks import backlog, dispatch, letters, pages

SUITES = {"letters": letters.measure, "dispatch": dispatch.measure, "backlog": backlog.measure, "pages": pages.measure}


def main(names: list[str]) -> None:
    quick = os.environ.get("QUICK") == "1"
    figures: dict[str, object] = {}
    ratios: dict[str, object] = {}
    for name in names or list(SUITES):
        found = SUITES[name](quick=quick)
        ratios |= found.pop("ratios")
        figures[name] = found
    print(json.dumps(figures | {"ratios": ratios, "versions": dispatch.versions()}))


if __name__ == "__main__":
    main(sys.argv[1:])
