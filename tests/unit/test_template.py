"""Templates: what a file may say, how its faults are named, and what filling it gives."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from campaign.errors import BadInput, Finding, UnknownName
from campaign.plan import frontmatter
from campaign.plan.media import MediaStore
from campaign.plan.template import Facts, Template, fill, load_templates, wanted_fields
from campaign.ports import Draft

HEAD = "---\ntitle: A post\nversion: 1\n"
FACTS = Facts(
    campaign={"views_url": "https://www.gov.uk/dfe/SEND-conversation", "x_handle": "@educationgovuk"},
    partner={"key": "oak", "name": "Oak School", "kind": "school", "region": "London", "town": "Barnet"},
    channel="facebook",
)


def _load(folder: Path, text: str, file: str = "post.md") -> Template:
    (folder / file).write_text(text, "utf-8")
    name, *channel = file.removesuffix(".md").split(".")
    return load_templates(folder).pick(name, channel[0] if channel else "facebook")


def _fill(folder: Path, text: str, facts: Facts = FACTS, *, card: bool = False) -> Draft:
    return fill(_load(folder, text), facts, MediaStore(folder / "media"), card=card)


def _faults(folder: Path, text: str, file: str = "post.md") -> Mapping[str, Finding]:
    (folder / file).write_text(text, "utf-8")
    with pytest.raises(BadInput) as caught:
        load_templates(folder)
    return {finding.field: finding for finding in caught.value.findings}


def test_words_are_filled_with_partner_campaign_and_fields(tmp_path: Path) -> None:
    text = f"{HEAD}fields:\n  town:\n---\n{{{{ partner.name }}}} in {{{{ town }}}}\n{{{{ campaign.x_handle }}}}\n"
    assert _fill(tmp_path, text).words == "Oak School in Barnet\n@educationgovuk"


def test_a_posts_own_value_goes_before_the_partners_and_that_before_the_default(tmp_path: Path) -> None:
    text = HEAD + "fields:\n  town: {default: Leeds}\n---\n{{ town }}"
    template = _load(tmp_path, text)
    media = MediaStore(tmp_path)
    assert fill(template, replace(FACTS, fields={"town": "Ely"}), media).words == "Ely"
    assert fill(template, replace(FACTS, fields={"town": " "}), media).words == "Barnet"
    assert fill(template, replace(FACTS, partner={}), media).words == "Leeds"


@pytest.mark.parametrize("attack", ["{{ 7 * 7 }}", "{% for x in y %}", "{{ partner.__class__ }}", "{{", "{#"])
def test_what_a_partner_writes_is_never_a_template(tmp_path: Path, attack: str) -> None:
    text = HEAD + "fields:\n  town:\n---\n{{ partner.name }}: {{ town }}"
    facts = replace(FACTS, partner={"name": attack, "town": attack})
    assert _fill(tmp_path, text, facts).words == f"{attack}: {attack}"


@pytest.mark.parametrize(
    "words",
    [
        "{{ partner.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ partner.items() }}",
        "{{ 'x' * 9 }}",
        "{{ '%999d' % 1 }}",
        "{{ 'a'.center(9) }}",
        "{% macro m() %}x{% endmacro %}{{ m() }}",
        "{% include 'other.md' %}",
        "{{ partner.nmae }}",
        "{{ 1 / 0 }}",
        "{{ partner.name > 3 }}",
    ],
)
def test_a_template_never_leaves_its_cell(tmp_path: Path, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        _fill(tmp_path, f"{HEAD}---\n{words}")
    assert (caught.value.findings[0].file, caught.value.findings[0].field) == ("post.md", "words")


def test_words_without_end_are_stopped(tmp_path: Path) -> None:
    words = "{% for a in partner.name %}{% for b in partner.name %}{{ partner.name }}{% endfor %}{% endfor %}"
    with pytest.raises(BadInput, match="grow beyond"):
        _fill(tmp_path, f"{HEAD}---\n{words}", replace(FACTS, partner={"name": "x" * 100}))


def test_unused_and_empty_fields_leave_no_gap(tmp_path: Path) -> None:
    text = HEAD + "fields:\n  quote: {type: quote}\n  own:\n---\nOne  \n\n{{ own }}\n\n{{ quote }}\n\n\nTwo\n\n"
    assert _fill(tmp_path, text).words == "One\n\nTwo"


def test_every_wrong_value_is_named_at_once(tmp_path: Path) -> None:
    text = (
        HEAD
        + "fields:\n  a: {required: true, help: Say a.}\n  b: {type: url}\n  c: {max: 3}\n---\n{{ a }}{{ b }}{{ c }}"
    )
    with pytest.raises(BadInput) as caught:
        _fill(tmp_path, text, replace(FACTS, fields={"b": "javascript:alert(1)", "c": "four"}))
    assert [(f.file, f.field, f.problem, f.mend) for f in caught.value.findings] == [
        ("post.md", "a", "is missing", "Say a."),
        ("post.md", "b", "is no web address", "Write the whole address, such as https://www.example.org/send."),
        ("post.md", "c", "has 4 characters, 3 at most", "Shorten it by 1."),
    ]


def test_the_line_with_the_cards_address_leaves_only_where_there_is_a_card(tmp_path: Path) -> None:
    text = (
        HEAD + 'link: "{{ campaign.views_url }}"\nlink_title: Have your say\n---\nSay it:\n\n{{ campaign.views_url }}\n'
    )
    shown = _fill(tmp_path, text, card=True)
    assert (shown.words, shown.link, shown.link_title) == ("Say it:", FACTS.campaign["views_url"], "Have your say")
    plain = _fill(tmp_path, text)
    assert (plain.words, plain.link) == (f"Say it:\n\n{FACTS.campaign['views_url']}", None)


def test_a_variant_takes_what_it_does_not_state_from_the_plain_file(tmp_path: Path) -> None:
    (tmp_path / "post.md").write_text(HEAD + "link: https://a.org\nfields:\n  a:\n---\nplain {{ a }}", "utf-8")
    variant = _load(tmp_path, "---\ntitle: For X\n---\nshort {{ a }}", "post.x.md")
    assert (variant.title, variant.version, variant.link, sorted(variant.fields)) == (
        "For X",
        "1",
        "https://a.org",
        ["a"],
    )
    assert load_templates(tmp_path).pick("post", "linkedin").words == "plain {{ a }}"


def test_the_digest_changes_with_the_words_the_head_and_the_inherited_head(tmp_path: Path) -> None:
    def digest() -> str:
        return load_templates(tmp_path).digest("post", "x")

    (tmp_path / "post.md").write_text(HEAD + "---\nplain", "utf-8")
    (tmp_path / "post.x.md").write_text("---\ntitle: X\n---\nshort", "utf-8")
    first = digest()
    assert digest() == first
    (tmp_path / "post.md").write_text(HEAD + "link: https://a.org\n---\nplain", "utf-8")
    second = digest()
    (tmp_path / "post.x.md").write_text("---\ntitle: X\n---\nshorter", "utf-8")
    assert len({first, second, digest()}) == 3


def test_an_unknown_template_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    _load(tmp_path, f"{HEAD}channels: [email]\n---\nx", "newsletter.email.md")
    templates = load_templates(tmp_path)
    with pytest.raises(UnknownName, match="Did you mean 'newsletter'"):
        templates.pick("newsleter", "email")
    with pytest.raises(UnknownName, match=r"newsletter\.x\.md"):
        templates.pick("newsletter", "x")


def test_faults_of_a_file_are_all_named_with_line_and_mend(tmp_path: Path) -> None:
    faults = _faults(
        tmp_path, "---\ntitel: A\nversion: 1\nfields:\n  a:\n    typ: text\n    max: 0\n---\n{{ b }}\n\n{{ aa }}"
    )
    assert {name: fault.line for name, fault in faults.items()} == {
        "titel": 2,
        "title": None,
        "fields.a.typ": 6,
        "fields.a.max": 7,
        "b": 9,
        "aa": 11,
    }
    assert faults["titel"].mend == "Write 'title'."
    assert faults["aa"].mend == "Did you mean 'a'?"


@pytest.mark.parametrize(
    ("text", "field", "line"),
    [
        ("words alone", "---", 1),
        ("---\ntitle: A\nwords", "---", 1),
        ("---\ntitle: a: b\n---\nx", "front matter", 2),
        ("---\n- a\n---\nx", "front matter", 2),
        ("---\ntitle: A\ntitle: B\n---\nx", "title", 3),
        (f"---\ntitle: {'[' * 200_000}{']' * 200_000}\n---\nx", "front matter", 1),
        (f"---\ntitle: {'[' * 9_000}\n---\nx", "front matter", 1),
        (f"---\ntitle: {'[' * 9_000}{']' * 9_000}\n---\nx", "front matter", 1),
        ("---\ntitle: &a [*a]\n---\nx", "front matter", 1),
        (f"{HEAD}---\nok\n{{% if x %}}", "words", 6),
        (f"{HEAD}media:\n  - file: ../../secret.png\n    alt: x\n---\nx", "media", 4),
        (f"{HEAD}fields:\n  a: {{type: time, default: 18:00}}\n---\nx", "fields.a.default", 5),
        (f"{HEAD}fields:\n  a: {{type: choice}}\n---\nx", "fields.a.choices", 5),
        (f"{HEAD}fields:\n  partner: {{type: text}}\n---\nx", "fields.partner", 5),
        (f"{HEAD}locked: maybe\n---\nx", "locked", 4),
        (f"{HEAD}until: 5\n---\nx", "until", 4),
        (f"{HEAD}channels: x\n---\nx", "channels", 4),
    ],
)
def test_a_broken_head_is_named_with_its_line(tmp_path: Path, text: str, field: str, line: int) -> None:
    assert _faults(tmp_path, text)[field].line == line


def test_mail_keeps_markdown_and_shows_a_partners_words_as_written(tmp_path: Path) -> None:
    text = (
        HEAD
        + 'subject: "News\n  of {{ partner.name }}"\n'
        + "fields:\n  web: {type: url}\n---\n## Hello\n\n{{ partner.name }} {{ web }}"
    )
    facts = replace(FACTS, channel="email", partner={"name": "A*B* <b>\nBcc: x", "web": "https://a.org/x_y_z"})
    draft = _fill(tmp_path, text, facts)
    assert draft.subject == "News of A*B* <b> Bcc: x"
    assert draft.words == "## Hello\n\nA\\*B\\* \\<b\\>\nBcc: x https://a.org/x_y_z"


def test_mail_without_a_subject_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="subject: is missing"):
        _fill(tmp_path, f"{HEAD}---\nwords", replace(FACTS, channel="email"))


def test_words_are_in_normal_form_with_plain_line_ends(tmp_path: Path) -> None:
    facts = replace(FACTS, partner={"name": "Cafe\u0301\r\nRoyal"})
    assert _fill(tmp_path, f"{HEAD}---\r\n{{{{ partner.name }}}}\r\n", facts).words == "Café\nRoyal"


def test_copy_says_until_which_date_or_named_day_it_is_true(tmp_path: Path) -> None:
    assert _load(tmp_path, f"{HEAD}until: 2025-12-31\n---\nx").until == date(2025, 12, 31)
    assert _load(tmp_path, f"{HEAD}until: close\n---\nx").until == "close"


def test_forms_are_told_of_every_field_once(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(HEAD + "fields:\n  one: {max: 9}\n  two:\n---\nx", "utf-8")
    (tmp_path / "b.md").write_text(HEAD + "fields:\n  one: {max: 5, required: true}\n---\nx", "utf-8")
    wanted = wanted_fields(load_templates(tmp_path))
    assert {name: (spec.max, spec.required) for name, spec in wanted.items()} == {
        "one": (5, True),
        "two": (None, False),
    }


def test_a_fault_of_the_head_is_told_alike_whichever_parser_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for head in ("title: [a", "title: *nobody", "title: @a", "on: 2025-02-30"):
        told = []
        for quick in (frontmatter._QUICK, yaml.SafeLoader):
            monkeypatch.setattr(frontmatter, "_QUICK", quick)
            with pytest.raises(BadInput) as caught:
                frontmatter.parse("t.md", f"---\n{head}\n---\nWords\n")
            told.append(caught.value.findings)
        assert told[0] == told[1]
        monkeypatch.undo()
