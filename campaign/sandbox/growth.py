"""How engagement grows on the local platforms: a pure rule of seed, post and age, so that every run shows the same."""

from datetime import timedelta
from math import exp, log
from random import Random

from campaign.ports import Figures

HALF_LIFE = timedelta(hours=9)


def grown(seed: str, post_id: str, age: timedelta, speed: float = 1.0) -> Figures:
    """Return the figures of a post at ``age``: none falls with age, all level off after a few days.

    ``speed`` makes time run faster for the figures, so that a demo sees days of growth in seconds.
    """
    dice = Random(f"{seed}/{post_id}")  # noqa: S311 - decides no secret
    seen = dice.lognormvariate(6.6, 0.7)
    parts = {
        "reach": dice.uniform(0.6, 0.9),
        "reactions": dice.uniform(0.01, 0.05),
        "comments": dice.uniform(0.001, 0.008),
        "shares": dice.uniform(0.002, 0.012),
        "clicks": dice.uniform(0.008, 0.04),
    }
    there = _share_of_final(age * speed)
    return Figures(impressions=int(there * seen), **{name: int(there * seen * part) for name, part in parts.items()})


def _share_of_final(age: timedelta) -> float:
    return 1 - exp(-log(2) * max(age / HALF_LIFE, 0.0))
