"""A partner's details as one form whose fields come from the templates, with its posts beside."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import BadInput, UnknownName, WrongUse
from campaign.models import partners
from campaign.models.partners import CONTACT, Partner
from campaign.people import Right
from campaign.plan.fields import FieldSpec
from campaign.plan.template import wanted_fields
from campaign.register.partners import KEPT
from campaign.review import describing
from campaign.web.area import Area, Tab
from campaign.web.forms import CONFLICT, WRONG, Form, Posted, Sent
from campaign.web.holes import Hole, Holes, holes
from campaign.web.pictures import MOST_WITH_PICTURES, Pictures, addresses
from campaign.web.preview import Preview, drafted
from campaign.web.visitor import Actor, Who
from campaign.web.words import advised
from campaign.wording import counted

area = Area(Tab("Details", "/details", Right.AGREE))

_FIRST = ("x_line", "own_words", "audience")
_HOME = "/details"


def _holes(app_fields: Mapping[str, FieldSpec], partner: Partner, values: Mapping[str, str]) -> Holes:
    order = [name for name in _FIRST if name in app_fields] + [name for name in app_fields if name not in _FIRST]
    found = holes(app_fields, values, order)
    own = (
        Hole(
            "name",
            "Name of your organisation",
            "As posts show it.",
            value=values.get("name", partner.name),
            required=True,
        ),
        Hole(
            CONTACT,
            "Where we reach you",
            "For word about your posts; it is not shown in them. For example, name@example.org",
            kind="email",
            value=values.get(CONTACT, ""),
        ),
    )
    return Holes((*own, *found.holes))


@area.get("/details", Right.AGREE)
def show(who: Who, partner: str = "") -> Response:
    """Show the details of the person's partner; an admin names one."""
    with who.reading() as session:
        found = _chosen(session, who, partner)
        every = [] if who.partners else partners.partners(session)
    if found is None:
        return who.page("details/choose.html", partners=[{"value": row.key, "text": row.name} for row in every])
    return _page(who, found, Form(), {})


def _chosen(session: Session, who: Actor, key: str) -> Partner | None:
    """Return the partner that is meant; None where nobody said which. Another one is not there for an officer."""
    wanted = key or (who.partners[0] if who.partners else "")
    if not wanted:
        return None
    found = partners.partner_by_key(session, wanted)
    if found is None or (who.partners and wanted not in who.partners):
        raise UnknownName(kind="partner", name=wanted, mend="Choose one of those that there are.")
    return found


def named_partner(session: Session, who: Actor, key: str) -> Partner:
    """Return the partner that is meant. Raises UnknownName where nobody said which, and for another one."""
    found = _chosen(session, who, key)
    if found is None:
        raise UnknownName(kind="partner", name="", mend="Choose one.")
    return found


def _page(who: Actor, partner: Partner, form: Form[Any], typed: Mapping[str, str], status: int = 200) -> Response:
    fields = wanted_fields(who.house.app.copy.templates)
    values = {**partner.details, **typed}
    with who.reading() as session:
        standing = any((one.slot, one.post_id) == (None, None) for one in partners.agreements(session, partner.ident))
        looks = _looks(session, who, partner, values)
    found = _holes(fields, partner, values)
    return who.page(
        "details/details.html",
        status=status,
        form=form,
        partner=partner,
        version=describing.version(partner),
        inputs=found.holes,
        kept=[(name.capitalize(), getattr(partner, name) or "Not given") for name in KEPT],
        may_keep=who.may(Right.ADMINISTER),
        pictures=Pictures.of(who, partner, fields, values).shown,
        looks=looks,
        standing=standing,
    )


def _looks(
    session: Session, who: Actor, partner: Partner, values: Mapping[str, str]
) -> list[tuple[Preview | None, str, list[tuple[str, str]]]]:
    """Return for each account how a first post would look with these details, or what it lacks: the field where it is
    one of the form's, and the words.
    """
    app = who.house.app
    fields = wanted_fields(app.copy.templates)
    ahead = describing.with_details(partner, values)
    found: list[tuple[Preview | None, str, list[tuple[str, str]]]] = []
    for account, row in describing.examples(session, app.source(placeholders=True), ahead, who.house.now()):
        title = app.channels[account.channel].title
        if row.draft is None:
            lacks = [(one.field.rpartition(".")[2], advised(one)) for one in row.findings]
            found.append((None, title, [(name if name in fields else "", words) for name, words in lacks]))
        else:
            found.append((drafted(app, row.draft, account, ahead, addresses(who, partner)), title, []))
    return found


@area.post("/details", Right.AGREE, most_bytes=MOST_WITH_PICTURES)
def save(who: Who, sent: Sent) -> Response:
    """Show the posts with these details, or store the details and bring the posts in line with them."""
    fields = wanted_fields(who.house.app.copy.templates)
    with who.reading() as session:
        partner = named_partner(session, who, sent.one("partner"))
    if sent.one("version") != describing.version(partner):
        return _page(who, partner, Form(Posted({}), None, {"words": _STALE}), {}, CONFLICT)
    inputs = _holes(fields, partner, {})
    pictures, errors = Pictures.of(who, partner, fields, partner.details).sent(sent)
    typed = inputs.sent(sent) | pictures
    errors = inputs.told(describing.faults(fields, typed)) | errors
    if not typed["name"]:
        errors = {"name": "Enter the name of your organisation", **errors}
    if errors:
        return _page(who, partner, Form(sent, None, errors), typed, WRONG)
    if sent.one("do") != "save":
        return _page(who, partner, Form(sent), typed)
    try:
        words = _stored(who, partner.key, typed, describing.version(partner))
    except BadInput:
        raise
    except WrongUse as error:
        return _page(who, partner, Form(sent, None, {str(error.facts.get("field", CONTACT)): str(error)}), typed, WRONG)
    return who.redirect(f"{_HOME}?partner={partner.key}" if not who.partners else _HOME, words)


def _stored(who: Actor, key: str, typed: Mapping[str, str], seen: str) -> str:
    """Store what changed and bring the partner's posts in line; returns what to say of it.

    It is planned before anything is written, again where somebody decided something meanwhile, at last while the others
    wait.
    """
    source = who.house.app.source(placeholders=False)
    for _ in range(_TRIES):
        with who.reading() as session:
            partner = named_partner(session, who, key)
            if not describing.changed(partner, typed):
                return _UNCHANGED
            ahead = describing.plan_with(session, source, partner, typed, who.person, who.house.now())
        with who.desk() as desk:
            if ahead.stands(desk.session):
                return _said(describing.store(desk, source, named_partner(desk.session, who, key), typed, seen, ahead))
    with who.desk() as desk:
        return _said(describing.store(desk, source, named_partner(desk.session, who, key), typed, seen, None))


def _said(counts: Counter[str] | None) -> str:
    if counts is None:
        return _UNCHANGED
    words = [f"{counted(counts[name], 'post')} {said}" for name, said in _COUNTED if counts[name]]
    return f"Saved. {', '.join(words)}." if words else "Saved. No post changes by it."


_TRIES, _UNCHANGED = 2, "Nothing changed."
_STALE = "Somebody changed these details since you opened them. They are shown as they are now: enter yours again"
_COUNTED = (
    ("add", "added"),
    ("change", "changed and to review"),
    ("withdraw", "withdrawn"),
    ("blocked", "that lack something"),
)
