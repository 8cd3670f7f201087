"""What an event's standing means for the posts that hang on it."""

from campaign.errors import Finding
from campaign.plan.entries import Event, Timetable


def not_sure(timetable: Timetable, event: Event, *, placeholders_allowed: bool) -> Finding | None:
    """Return what keeps an event's posts back; a rehearsal takes placeholders as if they were confirmed."""
    file, name = timetable.file, f"event.{event.name}"
    if event.status == "moved":
        mend = 'Write its new time in `starts`, then status = "open"'
        return Finding(file, f"{name}.status", f"the event {event.name} has moved", mend, event.line)
    if event.placeholder:
        mend = "Write the day and the link that DfE published, and take `placeholder` away"
        found = Finding(file, f"{name}.placeholder", f"the event {event.name} is a placeholder", mend, event.line)
        return None if placeholders_allowed else found
    if not event.confirmed:
        mend = "Write confirmed = true once DfE has confirmed day and link"
        return Finding(file, f"{name}.confirmed", f"the event {event.name} is not confirmed", mend, event.line)
    return None


def called_off(event: Event) -> str | None:
    """Return why the event's posts stop at once, should they; the timetable alone says so."""
    if event.status in {"moved", "cancelled"}:
        return f"the event {event.name} {'has moved' if event.status == 'moved' else 'is cancelled'}"
    return None


def notice_key(event: Event) -> str:
    """Return the key of a notice that the event, as it stood until now, moves or is cancelled: each is drafted once."""
    return f"{event.key} {event.status} {event.starts:%Y-%m-%dT%H:%M:%S}"
