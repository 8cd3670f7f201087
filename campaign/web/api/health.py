"""Is all well: what the doctor finds, whether the daemon ticks, the platforms asked, and what stops accounts."""

from collections.abc import Iterable

from fastapi import APIRouter
from pydantic import BaseModel, Field

from campaign.clock import iso
from campaign.health import accounts as standing
from campaign.health.beat import pulse
from campaign.health.finding import Finding
from campaign.models import partners, upkeep
from campaign.people import Right, demand
from campaign.web.api.bearer import Administers, Caller, Reads
from campaign.web.api.shapes import Page

router = APIRouter()


class Told(BaseModel):
    """One thing that is not well."""

    rule: str
    severity: str = Field(description="error or warning")
    subject: str
    what: str
    mend: str
    runbook: str


class BeatOut(BaseModel):
    """When a process of the daemon last ticked."""

    owner: str
    tick_at: str
    next_wake_at: str | None


class Health(BaseModel):
    """Whether all is well. ``well`` is the daemon's; what a person has to do is among the findings."""

    well: bool
    reason: str
    beats: list[BeatOut]
    findings: list[Told]
    asked: bool = Field(description="Whether the platforms were asked.")


class AccountHealth(BaseModel):
    """What stops an account, or soon will: a stop, a dead token, access that ends."""

    account: str
    partner: str
    channel: str
    findings: list[Told]


def _told(who: Caller, found: Iterable[Finding]) -> list[Told]:
    runbook = who.house.app.settings.alerts.runbook
    return [Told.model_validate(one.document(runbook)) for one in found]


def _health(who: Caller, found: Iterable[Finding], *, asked: bool) -> Health:
    app = who.house.app
    with app.database.read() as session:
        beats = upkeep.beats(session)
    state = pulse(beats, who.house.now())
    return Health(
        well=state.well,
        reason=state.reason,
        beats=[
            BeatOut(
                owner=one.owner,
                tick_at=iso(one.tick_at),
                next_wake_at=iso(one.next_wake_at) if one.next_wake_at else None,
            )
            for one in beats
        ],
        findings=_told(who, found),
        asked=asked,
    )


@router.get("/health", tags=["admin"])
def show_health(who: Administers) -> Health:
    """Say what `campaign doctor` says."""
    demand(who.person, Right.ADMINISTER)
    return _health(who, who.house.app.doctor.examine(), asked=False)


@router.post("/health/ask-platforms", tags=["admin"])
def ask_platforms(who: Administers) -> Health:
    """Say what `campaign doctor --probe` says: every platform is asked. Nothing is stored, so it takes no
    `Idempotency-Key`.
    """
    demand(who.person, Right.ADMINISTER)
    who.house.rates.spend("ask", "platforms")
    doctor = who.house.app.doctor
    return _health(who, doctor.examine() + doctor.probe(), asked=True)


@router.get("/accounts/health", tags=["accounts"])
def list_account_health(who: Reads) -> Page[AccountHealth]:
    """List the accounts that need somebody, by partner; an officer's token sees its own."""
    app, now = who.house.app, who.house.now()
    with app.database.read() as session:
        own = [one.ident for key in who.partners if (one := partners.partner_by_key(session, key))]
        rows = partners.accounts(session, partner_ids=own if who.partners else None)
        found: dict[str, list[Finding]] = {}
        ending = standing.credentials(session, app.vault, app.channels, now, rows)
        for sign in (*standing.standing(session, now), *ending):
            found.setdefault(sign.subject, []).append(sign)
    items = [
        AccountHealth(
            account=str(account.id),
            partner=partner.key,
            channel=account.channel,
            findings=_told(who, found[standing.place(account, partner)]),
        )
        for account, partner in rows
        if standing.place(account, partner) in found
    ]
    return Page[AccountHealth](items=items)
