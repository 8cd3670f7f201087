"""Writing posts: a new one outside the timetable, and other words for one that is not out yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import BadInput, MoveRefused, WrongUse
from campaign.models import partners, reasons
from campaign.models.listing import PostRow
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import Move, Status, moves_from
from campaign.people import Right
from campaign.plan.refill import NewPost, refilled, single
from campaign.plan.rows import PlanRow
from campaign.plan.template import Template
from campaign.ports import Draft
from campaign.review import decisions, queue
from campaign.review.describing import described
from campaign.web import times
from campaign.web.area import Area
from campaign.web.choosing import ACCOUNT, PARTNER, TEMPLATE, Choice, Place, choice_page, chosen
from campaign.web.forms import CONFLICT, WRONG, Form, Posted, Sent
from campaign.web.holes import Holes, holes
from campaign.web.pictures import MOST_WITH_PICTURES, Pictures, addresses
from campaign.web.pictures import own as own_pictures
from campaign.web.preview import Preview, drafted
from campaign.web.visitor import Actor, Who
from campaign.web.words_page import Words, words_page

area = Area()


@area.get("/posts/new", Right.QUEUE)
def choose(who: Who, partner: str | None = None, account: str | None = None, template: str | None = None) -> Response:
    """Ask for a partner, for one of its accounts, for one of the templates that it has, then for the words."""
    given = {PARTNER: partner, ACCOUNT: account, TEMPLATE: template}
    sent = Posted({name: (text,) for name, text in given.items() if text is not None})
    with who.reading() as session:
        place = chosen(session, who, sent)
        if isinstance(place, Choice):
            return choice_page(session, who, sent, place)
    return words_page(who, _new(place), Form())


def _new(place: Place) -> Words:
    account, partner, template = place
    return Words(account, partner, template, described(partner))


@area.post("/posts/new", Right.QUEUE, most_bytes=MOST_WITH_PICTURES)
def create(who: Who, sent: Sent) -> Response:
    """Show the new post as it will look, or send it for review."""
    with who.reading() as session:
        place = chosen(session, who, sent)
        if isinstance(place, Choice):
            return choice_page(session, who, sent, place)
    account, owner, template = place
    words = _new(place)
    pictures = Pictures.of(who, owner, template.fields, owner.details)
    given, errors = pictures.sent(sent)
    due_at = times.moment(sent.one("day"), sent.one("time"), who.house.zone)
    wrong = due_at if isinstance(due_at, dict) else {}
    inputs, sends = holes(template.fields, {}), sent.one("do") == "send"
    if errors or (wrong and sends):
        return words_page(who, words, Form(sent, None, wrong | errors), status=WRONG, given=given)
    own = own_values(inputs.sent(sent), described(owner), template) | own_pictures(given, owner.details, pictures.specs)
    source = who.house.app.source(placeholders=False)
    # A preview needs no time yet: it shows the words as they would be now.
    when = who.house.now() if isinstance(due_at, dict) else due_at
    with who.reading() as session:
        row = single(session, source, NewPost(account, owner, template.name, when, own))
    look = None if sends or row.draft is None else _look(who, row.draft, account, owner)
    told = placed(inputs.told(row.findings))
    if wrong:
        told.pop("day", None)  # what is wrong with now is nothing to the post
        told |= wrong if sent.one("day") or sent.one("time") or not (told or look) else {}
    if told or look:
        return words_page(who, words, Form(sent, None, told), look, status=WRONG if told else 200, given=given)
    return _stored(who, place, row, own, sent, given)


def _stored(
    who: Actor, place: Place, row: PlanRow, own: Mapping[str, str], sent: Posted, given: Mapping[str, str]
) -> Response:
    try:
        with who.desk() as desk:
            account, _ = partners.account_with_partner(desk.session, place.account.ident)
            post = queue.add_single(desk, account, row, own)
            ident, status = post.ident, post.status
    except WrongUse as error:
        return words_page(who, _new(place), Form(sent, None, {"day": str(error)}), status=WRONG, given=given)
    waits = "Saved as a draft. It goes to review when your organisation has agreed to it."
    return who.redirect(f"/posts/{ident}", "Sent for review." if status == Status.IN_REVIEW else waits)


def placed(errors: dict[str, str]) -> dict[str, str]:
    """Put what belongs to the time beside the day."""
    return {("day" if name == "at" else name): words for name, words in errors.items()}


def own_values(sent: Mapping[str, str], details: Mapping[str, str], template: Template) -> dict[str, str]:
    """Return the values that are the post's own: what is as the partner or the default has it follows these."""
    defaults = {name: spec.default or "" for name, spec in template.fields.items()}
    return {name: text for name, text in sent.items() if text and text != (details.get(name) or defaults.get(name))}


def _look(who: Actor, draft: Draft, account: Account, partner: Partner, post: Post | None = None) -> Preview:
    return drafted(who.house.app, draft, account, partner, addresses(who, partner, post))


# --- other words ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """A post that is being edited, with its template."""

    row: PostRow
    template: Template

    @property
    def words(self) -> Words:
        """The words as they are asked for, with what the post says now."""
        row, home = self.row, f"/posts/{self.row.post.id}"
        return Words(
            row.account,
            row.partner,
            self.template,
            {**described(row.partner), **row.post.fields},
            post=row.post,
            action=f"{home}/edit",
            title="Change the words",
            back=home,
        )

    @property
    def inputs(self) -> Holes:
        """The inputs, with what the post says now."""
        return holes(self.template.fields, self.words.first)

    def pictures(self, who: Actor) -> Pictures:
        """The inputs for pictures, with what the post shows now."""
        return Pictures.of(who, self.row.partner, self.template.fields, self.words.first, self.row.post)

    def fields(self, sent: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
        """Return the post's own values: its words, and with ``given`` its pictures."""
        details, specs = self.row.partner.details, self.template.fields.values()
        kept = {name: text for name, text in self.row.post.fields.items() if name not in {**sent, **given}}
        pictures = own_pictures(given, details, (spec for spec in specs if spec.type == "image"))
        return kept | own_values(sent, described(self.row.partner), self.template) | pictures


def _opened(session: Session, who: Actor, ident: str) -> Opened:
    """Return the post and its template. Raises MoveRefused where its words cannot change any more."""
    row = who.post(session, ident)
    post = row.post
    if Move.EDIT not in moves_from(Status(post.status)) or not post.template:
        raise MoveRefused(post=post.id, status=post.status, move=Move.EDIT, mend="Its words are settled.")
    return Opened(row, who.house.app.copy.templates.pick(post.template, post.channel))


@area.get("/posts/{ident}/edit", Right.EDIT)
def edit(ident: str, who: Who) -> Response:
    """Show the words that the template lets the partner change."""
    with who.reading() as session:
        return words_page(who, _opened(session, who, ident).words, Form())


_IN_REVIEW = "Saved. It is in review."
_NOT_SENT = "Saved. It is not sent yet: send it for review when it is ready."


@area.post("/posts/{ident}/edit", Right.EDIT, most_bytes=MOST_WITH_PICTURES)
def save(ident: str, who: Who, sent: Sent) -> Response:
    """Show the post with its new words, or store them: it goes to review with them."""
    source = who.house.app.source(placeholders=True)
    with who.reading() as session:
        opened = _opened(session, who, ident)
    given, errors = opened.pictures(who).sent(sent)
    if errors:
        return words_page(who, opened.words, Form(sent, None, errors), status=WRONG, given=given)
    with who.reading() as session:
        if sent.one("version") != str(opened.row.post.version):
            words = "This post changed since you opened it. Look at it again"
            return words_page(who, opened.words, Form(sent, None, {"words": words}), status=CONFLICT, given=given)
        fields = opened.fields(opened.inputs.sent(sent), given)
        try:
            made = refilled(session, source, opened.row, fields)
        except BadInput as error:
            form: Form[Any] = Form(sent, None, opened.inputs.told(error.findings))
            return words_page(who, opened.words, form, status=WRONG, given=given)
        if sent.one("do") != "save":
            look = _look(who, made.draft, opened.row.account, opened.row.partner, opened.row.post)
            return words_page(who, opened.words, Form(sent), look, given=given)
    with who.desk() as desk:
        row = who.post(desk.session, ident)
        if row.post.version != opened.row.post.version:
            raise MoveRefused(post=row.post.id, status="changed meanwhile", move=Move.EDIT, mend="Look at it again.")
        why = reasons.edited(sorted(name for name in fields if fields[name] != opened.row.post.fields.get(name)))
        decisions.edit(desk, row, made.draft, fields, why, made.carried)
        review = row.post.status == Status.IN_REVIEW
    return who.redirect(f"/posts/{int(ident)}", _IN_REVIEW if review else _NOT_SENT)
