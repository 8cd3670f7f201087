"""The daemon is killed at random while answers are lost: no post twice, none missing."""

import os
from pathlib import Path

import pytest
from killing import KINDS, Plan, Tally, run


def judge(tally: Tally, plan: Plan) -> None:
    print(  # noqa: T201 - the figures of the run are its result
        f"{tally.posts} posts, {tally.mails} mails ({tally.unknown_mails} unknown), {tally.kills} kills,"
        f" faults {dict(tally.faults)}, lost {len(tally.lost)}, doubled {len(tally.doubled)},"
        f" early {len(tally.early)}, stuck {len(tally.stuck)}, {tally.seconds:.0f} s, seed {plan.seed}"
    )
    assert not tally.doubled
    assert not tally.lost
    assert not tally.early
    assert not tally.stuck
    assert tally.kills == plan.kills


@pytest.mark.timeout(400)
def test_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    plan = Plan(kills=12, partners=4, slots=8, spread=24, mean=1.2, seed=7, limit=90)
    tally = run(tmp_path, plan)
    judge(tally, plan)
    assert sum(tally.faults.values()) > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_hundred_kills_lose_and_double_nothing(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    seed = int(os.environ.get("CHAOS_SEED", "1"))
    plan = Plan(kills=100, partners=10, slots=20, spread=420, mean=5.0 - 1.2, seed=seed, limit=900)
    url = "sqlite:///campaign.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    tally = run(tmp_path, plan, url)
    judge(tally, plan)
    assert all(tally.faults[name] > 0 for name in KINDS)
