"""The runbook, the alert rules and the unit say what the code does: no rule without its section, no figure made up."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MovedClock
from prometheus_client.parser import text_string_to_metric_families

from campaign.health.finding import Rule, section
from campaign.metrics import Metrics
from campaign.models import Database, upkeep
from campaign.models.status import Status

DOCS = Path(__file__).resolve().parents[2] / "docs"
RUNBOOK = (DOCS / "runbook.md").read_text(encoding="utf-8")
SECTIONS = set(re.findall(r"^## (\S+)$", RUNBOOK, re.MULTILINE))
OTHERS = {"database-away"}
"""What no rule of the doctor can say: it needs the database."""


def alert_rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DOCS / "deploy" / "alert-rules.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_rule_has_its_section_and_no_section_is_of_a_rule_that_is_gone() -> None:
    assert {rule.value for rule in Rule} | OTHERS == SECTIONS


def test_a_link_leads_to_its_section() -> None:
    assert section("docs/runbook.md", Rule.TOKEN_ENDS.value) == "docs/runbook.md#token-ends"
    anchors = re.findall(r"\]\(#([\w-]+)\)", RUNBOOK)
    assert anchors
    assert set(anchors) <= SECTIONS


def samples(database: Database, clock: MovedClock) -> Iterator[tuple[str, dict[str, str]]]:
    """Everything that a scrape can show, once all has happened."""
    metrics, now = Metrics(database, clock), clock.now()
    with database.write() as session:
        upkeep.tick(session, "here:1", now, None)
    for outcome in ("posted", "refused"):
        metrics.counts.settled("x", outcome, due_at=now, started_at=now, ended_at=now)
    for family in text_string_to_metric_families(metrics.text().decode()):
        yield from ((sample.name, sample.labels) for sample in family.samples)


@pytest.fixture
def shown(tmp_path: Path, clock: MovedClock) -> dict[str, list[dict[str, str]]]:
    database = Database(f"sqlite:///{tmp_path}/c.db", connections=1)
    database.upgrade()
    found: dict[str, list[dict[str, str]]] = {}
    for name, labels in samples(database, clock):
        found.setdefault(name, []).append(labels)
    database.close()
    return found


def test_every_figure_of_the_alert_rules_is_one_that_we_serve(shown: dict[str, list[dict[str, str]]]) -> None:
    rules = alert_rules()
    assert len(rules) >= 10
    for rule in rules:
        named = re.findall(r"\b(campaign_\w+)(?:\{(\w+)=\"(\w+)\"\})?", rule["expr"])
        assert named, rule["alert"]
        for name, label, value in named:
            assert name in shown, f"{rule['alert']} asks for {name}"
            assert not label or value in {labels[label] for labels in shown[name]}, f"{rule['alert']}: {value}"


def test_every_alert_rule_has_a_severity_and_a_section() -> None:
    for rule in alert_rules():
        assert rule["labels"]["severity"] in {"error", "warning"}
        assert rule["annotations"]["summary"]
        base, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert base == "RUNBOOK"
        assert anchor in SECTIONS, rule["alert"]
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_every_status_of_a_post_has_a_figure(shown: dict[str, list[dict[str, str]]]) -> None:
    assert {labels["status"] for labels in shown["campaign_posts"]} == {status.value for status in Status}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here to ask")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (DOCS / "deploy" / "campaign.service").read_text(encoding="utf-8")
    program = re.search(r"^ExecStart=(\S+)", text, re.MULTILINE)
    assert program
    unit = tmp_path / "campaign.service"
    unit.write_text(text.replace(program[1], sys.executable), encoding="utf-8")
    asked = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - the system's own
    about_us = [line for line in done.stderr.splitlines() if "campaign.service" in line]
    assert about_us == []
    assert done.returncode == 0, done.stderr


def test_the_unit_runs_a_command_that_is_there() -> None:
    text = (DOCS / "deploy" / "campaign.service").read_text(encoding="utf-8")
    assert re.search(r"^ExecStart=\S+/campaign --workspace \S+ run --web$", text, re.MULTILINE)
    assert "Restart=always" in text
