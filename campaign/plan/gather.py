"""Everything that a plan depends on, read from the workspace's files and tables; nothing is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session

from campaign.models import deliveries, partners, planned
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import PLANNABLE
from campaign.plan.addressing import Letterhead
from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.entries import Timetable
from campaign.plan.fill import Facts, fill
from campaign.plan.media import MediaStore
from campaign.plan.questions import Question, load_questions
from campaign.plan.rows import ExistingPost, Filled, PlanFacts
from campaign.plan.template import Templates, load_templates
from campaign.plan.timetable import load_timetable
from campaign.ports import Draft, Limits, Message


@dataclass(frozen=True, slots=True)
class Copy:
    """What a campaign says and when: timetable, templates and questions, as their files stand now."""

    timetable: Timetable
    templates: Templates
    questions: tuple[Question, ...]

    @classmethod
    def current(cls, timetable: Path, templates: Path, timezone: str) -> "Copy":
        """Return the three as ``read`` does; the files are read again only when one of them has changed."""
        files = [timetable, *sorted(templates.glob("*"))]
        stats = [(path.name, path.stat()) for path in files if path.is_file()]
        stamp = tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
        return _read_at(stamp, timetable, templates, timezone)

    @classmethod
    def read(cls, timetable: Path, templates: Path, timezone: str) -> "Copy":
        """Read the three. Raises BadInput naming every fault of the first file that has any."""
        return cls(
            load_timetable(timetable, timezone),
            load_templates(templates),
            tuple(load_questions(templates / "questions.toml")),
        )


@lru_cache(maxsize=4)
def _read_at(_stamp: object, timetable: Path, templates: Path, timezone: str) -> Copy:
    return Copy.read(timetable, templates, timezone)


@dataclass(frozen=True, slots=True)
class TemplateFiller:
    """Fills a template by its name; the planner's port to the templates."""

    templates: Templates
    media: MediaStore
    channels: Mapping[str, Limits]
    zone: ZoneInfo

    def __call__(
        self,
        name: str,
        channel: str,
        *,
        campaign: Mapping[str, object],
        partner: PartnerFacts,
        event: Mapping[str, object] | None,
        question: Mapping[str, object] | None,
        fields: Mapping[str, object],
    ) -> Filled:
        """Return the filled template. Raises BadInput."""
        template = self.templates.pick(name, channel)
        facts = Facts(
            campaign=campaign,
            partner=partner_words(partner),
            event=event,
            question=question,
            fields=fields,
            channel=channel,
            zone=self.zone,
        )
        draft = fill(template, facts, self.media, card=self.channels[channel].card)
        return Filled(draft, template.name, str(template.version))


def partner_words(partner: PartnerFacts) -> dict[str, object]:
    """Return what templates read as ``partner``: its own columns stand above details of the same name."""
    own = {"key": partner.key, "name": partner.name, "kind": partner.kind, "region": partner.region}
    return {**partner.details, **own}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the facts of a plan come from besides the tables."""

    copy: Copy
    media: MediaStore
    channels: Mapping[str, Limits]
    compose: Callable[[str, Draft, str], Message]
    draft_of: Callable[[Post], Draft]
    digest_of: Callable[[Post, Account], str]
    letterhead: Letterhead
    placeholders_allowed: bool = False

    @property
    def filler(self) -> TemplateFiller:
        """Return what fills this campaign's templates."""
        return TemplateFiller(self.copy.templates, self.media, self.channels, self.copy.timetable.zone)


def gather(session: Session, source: Source, now: datetime) -> PlanFacts:
    """Return the facts of a plan at ``now``."""
    # Of an account that is disabled the plan knows nothing: nothing is added, and what is approved stays, held.
    pairs = [pair for pair in partners.accounts(session) if pair[0].disabled_why is None]
    of_plan = {account.ident: account for account, _ in pairs}
    return PlanFacts(
        timetable=source.copy.timetable,
        templates=source.copy.templates,
        fill=source.filler,
        partners=[partner_facts(partner) for partner in partners.partners(session)],
        accounts=[_there_by(account_facts(account, partner), now) for account, partner in pairs],
        now=now,
        channels=source.channels,
        questions=source.copy.questions,
        existing=[
            _existing(session, source, post, of_plan[post.account_id])
            for post in planned.every_plan_key(session)
            if post.account_id in of_plan
        ],
        compose=source.compose,
        placeholders_allowed=source.placeholders_allowed,
        letterhead=source.letterhead,
    )


def _there_by(account: AccountFacts, now: datetime) -> AccountFacts:
    """Count an account that is added after ``now`` as there always: only on a rehearsal's clock can that be."""
    return replace(account, added_at=None) if account.added_at and account.added_at > now else account


def partner_facts(partner: Partner) -> PartnerFacts:
    """Return a stored partner as the planner sees it."""
    return PartnerFacts(
        key=partner.key,
        name=partner.name,
        kind=partner.kind,
        region=partner.region,
        details=partner.details,
        joined_at=partner.joined_at,
    )


def account_facts(account: Account, partner: Partner) -> AccountFacts:
    """Return a stored account as the planner sees it."""
    return AccountFacts(
        id=account.ident,
        partner=partner.key,
        channel=account.channel,
        handle=account.handle,
        mode=account.mode,
        external_id=account.external_id,
        sender=account.sender,
        reply_to=account.reply_to,
        added_at=account.added_at,
    )


def _existing(session: Session, source: Source, post: Post, account: Account) -> ExistingPost:
    draft, open_still = source.draft_of(post), post.status in PLANNABLE
    return ExistingPost(
        id=post.ident,
        account_id=post.account_id,
        slot=post.slot,
        occurrence=post.occurrence,
        due_at=post.due_at,
        status=str(post.status),
        draft=draft,
        template=post.template,
        template_version=post.template_version,
        first_slot=post.first_slot,
        window_from=post.window_from,
        window_until=post.window_until,
        slot_at=post.slot_at,
        fields=post.fields,
        moved=post.moved,
        by_plan=post.withdrawn_by_plan,
        begun=open_still and draft.subject is not None and deliveries.copies_out(session, post.ident),
        drifted=open_still and source.digest_of(post, account) != post.content_hash,
    )
