"""Figures for Prometheus: what this process has sent, counted as it goes, and what the database says at each scrape.

Names and units follow the Prometheus conventions. Counters and histograms are this process's own: with several
workers each serves its own, and they add up. Gauges are the campaign's: each worker serves the same ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlmodel import Session

from campaign import __version__
from campaign.clock import Clock
from campaign.models import Database, upkeep, vitals
from campaign.models.database import DatabaseAway
from campaign.models.status import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LATENESS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1800.0)
_CALL = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_DEAREST = 100
"""A count of all posts is kept for a hundred times as long as it took, so that scraping costs 1 % at most."""


class Counts:
    """The meter of a dispatching process (``ports.watching.Meter``). Thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lateness = Histogram(
            "campaign_lateness_seconds",
            "From the due time of a post to the start of the call that published it.",
            ["channel"],
            buckets=_LATENESS,
            registry=registry,
        )
        self._calls = Histogram(
            "campaign_call_duration_seconds",
            "From the start of an attempt to its end, uploads included.",
            ["channel"],
            buckets=_CALL,
            registry=registry,
        )
        self._outcomes = Counter(
            "campaign_outcomes_total", "Attempts that ended, by how.", ["channel", "outcome"], registry=registry
        )

    def settled(
        self, channel: str, outcome: str, *, due_at: datetime, started_at: datetime, ended_at: datetime
    ) -> None:
        """Count one attempt that has ended."""
        self._outcomes.labels(channel, outcome).inc()
        self._calls.labels(channel).observe(_seconds(ended_at - started_at))
        if outcome == "posted":
            self._lateness.labels(channel).observe(_seconds(started_at - due_at))

    def lost(self, channel: str) -> None:
        """Count one attempt whose end nobody knows, for its process ended first."""
        self._outcomes.labels(channel, "unknown").inc()


def _seconds(span: timedelta) -> float:
    return max(0.0, span.total_seconds())


@dataclass(eq=False)
class Gauges(Collector):
    """Reads the database at each scrape; where it is away, says so instead of failing the scrape."""

    database: Database
    clock: Clock
    _sizes: dict[str, int] = field(default_factory=dict, init=False)
    _sizes_until: float = field(default=0.0, init=False)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the gauges as they stand now."""
        found: list[GaugeMetricFamily] = []
        try:
            with self.database.read() as session:
                found += self._read(session)
        except DatabaseAway:
            found = []
        yield _gauge("campaign_database_up", "Whether the database answers.", float(bool(found)))
        yield from found

    def _read(self, session: Session) -> Iterator[GaugeMetricFamily]:
        now = self.clock.now()
        yield _by("campaign_posts", "Posts by status.", "status", self._by_status(session))
        lanes = vitals.lane_states(session, now)
        states = {"busy": lanes.busy, "waiting": lanes.waiting, "stopped": lanes.stopped}
        yield _by("campaign_lanes", "Accounts being served, told to wait, and stopped.", "state", states)
        late = vitals.overdue(session, now).count
        yield _gauge("campaign_overdue_posts", "Posts that could have gone a minute ago and did not.", late)
        stuck = len(vitals.stuck_issues(session, now))
        yield _gauge("campaign_stuck_issues", "Begun newsletters that do not go on though copies wait.", stuck)
        looked_up = vitals.unconfirmed(session, for_person=False)
        asked = vitals.unconfirmed(session, for_person=True)
        yield _gauge("campaign_unconfirmed_posts", "Posts whose end nobody knows.", looked_up.count + asked.count)
        oldest = min((since for since in (looked_up.since, asked.since) if since is not None), default=now)
        age = _seconds(now - oldest)
        yield _gauge(
            "campaign_unconfirmed_oldest_age_seconds", "Age of the oldest of them; 0 where there is none.", age
        )
        person = asked.count + vitals.retractions_for_person(session)
        yield _gauge("campaign_person_posts", "Posts that only a person can settle.", person)
        yield _gauge("campaign_holds", "Holds that are on.", vitals.active_holds(session))
        yield from self._beat(session, now)

    def _beat(self, session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
        # Without a beat there is no age: an alert rule asks for the absence.
        beats = upkeep.believed(upkeep.beats(session), now)
        if beats:
            yield _gauge("campaign_beat_age_seconds", "Since a daemon ticked last.", _seconds(now - beats[0].tick_at))

    def _by_status(self, session: Session) -> dict[str, int]:
        began = self.clock.monotonic()
        if began >= self._sizes_until:
            self._sizes = dict.fromkeys(map(str, Status), 0) | vitals.count_by_status(session)
            ended = self.clock.monotonic()
            self._sizes_until = ended + _DEAREST * (ended - began)
        return self._sizes


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _by(name: str, words: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


class Metrics:
    """All figures of one process: ``counts`` for dispatch, and the text of a scrape."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._registry = CollectorRegistry()
        self.counts = Counts(self._registry)
        self._registry.register(Gauges(database, clock))
        ProcessCollector(registry=self._registry)
        Info("campaign_build", "The version of the program.", registry=self._registry).info({"version": __version__})

    def text(self) -> bytes:
        """Return the figures in the text format of Prometheus."""
        return generate_latest(self._registry)
