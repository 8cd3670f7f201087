"""Python's garbage collector in a process that stays up."""

import gc

_NEW_OBJECTS = 2_000
"""So many more objects made than let go begin a round; Python's own 700 is meant for programs that are soon over. With
ten thousand a round took 3 ms, and every fourteenth page waited for one.
"""
_WHOLE_ROUNDS = 50
"""So many middle rounds make a whole one, which goes through all that was kept since the start and takes 30 ms and
more; Python's own are ten.
"""


def spare_what_stays() -> None:
    """Take whatever the process has built by now out of the collector's rounds, and let these begin less often.

    A whole round goes through every object there is: with the modules and templates of the pages loaded it holds up
    every thread for a fifth of a second, in the midst of a page or of a sending. What was built at the start stays
    until the end anyway (https://docs.python.org/3/library/gc.html#gc.freeze).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, gc.get_threshold()[1], _WHOLE_ROUNDS)
