"""The page on which the words of a post are written: of a new one, of one that is not out yet, of a correction."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fastapi.responses import Response

from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.plan.template import Template
from campaign.web.forms import Form
from campaign.web.holes import holes
from campaign.web.pictures import Pictures
from campaign.web.preview import Preview
from campaign.web.visitor import Actor

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a post as they are asked for. ``first``: what stands in its fields at first; ``post``: the one whose
    words change, none where it is new; ``goes_to``: who gets it, where that is not the account's whole audience.
    """

    account: Account
    partner: Partner
    template: Template
    first: Mapping[str, str]
    post: Post | None = None
    action: str = "/posts/new"
    title: str = "New post"
    back: str = "/posts/new"
    goes_to: str = ""


def words_page(
    who: Actor,
    words: Words,
    form: Form[Any],
    look: Preview | None = None,
    *,
    status: int = 200,
    given: Mapping[str, str] = _NOTHING,
) -> Response:
    """Return the page on which words are written. ``given``: the pictures as the form has them by now."""
    fields = words.template.fields
    values = {**words.first, **_typed(form, words.template), **given}
    return who.page(
        "writing/words.html",
        status=status,
        form=form,
        account=words.account,
        partner=words.partner,
        wording=words.template,
        inputs=holes(fields, values).holes,
        pictures=Pictures.of(who, words.partner, fields, values, words.post).shown,
        look=look,
        post=words.post,
        new=words.post is None,
        action=words.action,
        title=words.title,
        back=words.back,
        goes_to=words.goes_to,
    )


def _typed(form: Form[Any], template: Template) -> dict[str, str]:
    """Return what the person typed, where a form came back."""
    names = holes(template.fields, {}).names
    return {name: form.posted.one(name) for name in names if name in form.posted.values}
