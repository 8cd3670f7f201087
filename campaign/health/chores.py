"""What watches, bound to its settings: the chores of alerts and of the heartbeat for an engine to call."""

from collections.abc import Callable
from datetime import datetime, timedelta

from campaign.config import Settings
from campaign.health.alerts import Alerts, Told
from campaign.health.doctor import Doctor
from campaign.health.duty import Duty
from campaign.health.endings import Endings
from campaign.health.heartbeat import Heartbeat
from campaign.health.webhook import Ping, Webhook

_ENDINGS_EVERY = timedelta(minutes=10)


def chores(doctor: Doctor, settings: Settings, owner: str) -> list[Callable[[datetime], datetime | None]]:
    """Return the chores; the heartbeat only where it has an address to call."""
    wanted, database, clock = settings.alerts, doctor.database, doctor.clock
    webhook = None
    if wanted.webhook is not None and wanted.webhook_secret is not None:
        webhook = Webhook(wanted.webhook.get_secret_value(), wanted.webhook_secret.get_secret_value(), wanted.timeout)
    told = Told(settings.campaign.name, wanted.mail, webhook, wanted.repeat, wanted.runbook)
    duty = Duty(database, clock, owner, "alerts", wanted.every)
    endings = Endings(doctor, Duty(database, clock, owner, "endings", _ENDINGS_EVERY))
    found = [Alerts(database, clock, duty=duty, told=told, examine=doctor.examine).chore, endings.chore]
    if wanted.heartbeat is None:
        return [*found]
    ping = Ping(wanted.heartbeat.get_secret_value(), wanted.heartbeat_method, wanted.timeout)
    beats = Duty(database, clock, owner, "heartbeat", wanted.heartbeat_every)
    return [Heartbeat(database, clock, beats, ping).chore, *found]
