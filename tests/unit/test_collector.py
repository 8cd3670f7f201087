"""A process that stays up does not go through all that it once built again and again."""

import subprocess
import sys

_PROGRAM = """
import gc
from campaign.collector import spare_what_stays

before = gc.get_threshold()[0]
built = [[number] for number in range(100_000)]
spare_what_stays()
new = [[]]
print(gc.is_tracked(built), len(gc.get_objects()) < 1000, gc.get_threshold()[0] > before)
ring = []
ring.append(ring)
del ring
print(gc.collect())
"""


def test_what_was_built_at_the_start_is_spared_and_new_rings_are_still_found() -> None:
    # In a process of its own: this one's collector is left as it is.
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - our own words
    spared, rings = done.stdout.splitlines()
    assert spared == "True True True"
    assert int(rings) >= 1
