"""Write docs/reference/ from the code. ``--check`` writes nothing and fails when a page is not what the code says.

Usage: python scripts/reference.py [--check]
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import reference_words as words
import typer
from reference_settings import settings_page
from reference_table import table

from campaign import errors, ports
from campaign.channels import load_channels
from campaign.cli import every_command
from campaign.cli.frame import cli
from campaign.config.durations import spoken
from campaign.config.settings import DispatchSection
from campaign.dispatch.retry import Decision, History, Policy, decide
from campaign.models.deliveries import WAYS, DeliveryStatus
from campaign.models.status import TRANSITIONS, Move, Status
from campaign.plan.fields import KINDS
from campaign.plan.frontmatter import KEYS
from campaign.plan.head import FACTS
from campaign.plan.template import load_templates
from campaign.ports import connecting, watching

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Written by scripts/reference.py from the code. Change the code, then run it; do not edit this page. -->\n"


# --- commands ---------------------------------------------------------------------------------------------------------


def commands() -> list[tuple[str, Any]]:
    """Return every command that help shows, with its path, in the order of help."""
    every_command.load()

    def walk(found: Any, path: str) -> Iterator[tuple[str, Any]]:
        if not hasattr(found, "commands"):
            yield path, found
            return
        for name, inner in found.commands.items():
            if not inner.hidden:
                yield from walk(inner, f"{path} {name}")

    return list(walk(typer.main.get_command(cli), "campaign"))


def _argument(given: Any) -> str:
    name = given.metavar or given.name.upper()
    name = name if given.nargs == 1 or name.endswith("...") else f"{name}..."
    return name if given.required else f"[{name}]"


def _option(given: Any) -> list[str]:
    value = "" if given.is_flag else f" {given.metavar or given.name.upper()}"
    default = "" if given.is_flag or given.default is None else f"`{given.default}`"
    return [f"`{', '.join(given.opts)}{value}`", given.help or "", "must be given" if given.required else default]


def commands_page() -> str:
    """Return the page of the command line."""
    intro = (
        "# Commands\n\n`campaign --help` and `campaign COMMAND --help` say the same. Every command takes "
        "`campaign --workspace DIR`; without it the nearest config.toml upward counts, or CAMPAIGN_WORKSPACE.\n\n"
        "Exit codes: 0 done, 1 findings, 2 wrong use or configuration. Errors are one clear line on stderr.\n"
    )
    parts = [intro]
    for path, found in commands():
        arguments = [given for given in found.params if given.param_type_name == "argument"]
        options = [given for given in found.params if given.param_type_name == "option" and given.name != "help"]
        usage = " ".join([path, *map(_argument, arguments)])
        parts.append(f"## {path}\n\n`{usage}`\n\n{' '.join((found.help or '').split())}\n")
        if options:
            parts.append(table(["option", "meaning", "default"], [_option(given) for given in options]))
    return "\n".join(parts)


# --- states, outcomes, channels, fields -------------------------------------------------------------------------------


def states_page() -> str:
    """Return the page of the transition tables."""
    lines = [f"    {start} --> {end}: {move}" for (start, move), ends in TRANSITIONS.items() for end in ends]
    rows = [
        [f"`{start}`", move.value, " or ".join(f"`{end}`" for end in ends)]
        for (start, move), ends in TRANSITIONS.items()
    ]
    return "\n".join(
        [
            "# States of a post\n",
            "Nothing else can happen to a post: a move that is not here is refused.\n",
            "```mermaid\nstateDiagram-v2\n    [*] --> draft\n" + "\n".join(lines) + "\n```\n",
            table(["state", "meaning"], [[f"`{one}`", words.STATES[one]] for one in Status]),
            table(["move", "meaning"], [[one.value, words.MOVES[one]] for one in Move]),
            table(["from", "move", "to"], rows),
            "## Deliveries\n",
            "Each recipient's copy of an issue is a delivery. It goes no other way than these.\n",
            table(["delivery", "meaning", "goes to"], [_delivery(one) for one in DeliveryStatus]),
        ]
    )


def _delivery(one: DeliveryStatus) -> list[str]:
    ends = ", ".join(f"`{end}`" for end in DeliveryStatus if end in WAYS.get(one, ()))
    return [f"`{one}`", words.DELIVERIES[one], ends]


NOW = datetime(2025, 12, 2, 9, tzinfo=UTC)


def tree() -> dict[str, str]:
    """Return what the drawn tree of the errors says beside each outcome."""
    below = (errors.__doc__ or "").partition("└── Outcome")[2]
    return dict(re.findall(r"[├└]── (\w+)\s+(.+)", below))


def _policy() -> Policy:
    given = DispatchSection()
    return Policy(**{name: getattr(given, name) for name in Policy.__dataclass_fields__})


def _follows(decision: Decision) -> str:
    said = [f"{decision.move} (to `{TRANSITIONS[Status.PUBLISHING, decision.move][0]}`)"]
    if decision.next_try_at is not None and decision.stop_why is None:
        pause = decision.next_try_at - NOW
        said.append(f"tried again in {spoken(pause)}" if pause else "tried again as soon as it may")
    if decision.next_look_at is not None:
        said.append(f"looked up in {spoken(decision.next_look_at - NOW)}")
    if decision.lane_ready_at is not None:
        said.append("the whole account waits")
    if decision.stop_why is not None:
        said.append("the account stops until a person mends it")
    return "; ".join(said)


def outcomes_page() -> str:
    """Return the page of how calls end; what follows is asked of the retry rule itself."""
    rows = []
    for name, said in tree().items():
        kind = getattr(errors, name)
        if kind is errors.CannotLook:
            later = "the next look-up comes later; where none is permitted, a person is asked"
            rows.append([f"`{kind.name}`", said, later, "the same"])
            continue
        first = decide(kind("it said so"), History(1), NOW, _policy())
        again = decide(kind("it said so"), History(2, ("unknown", kind.name)), NOW, _policy())
        rows.append([f"`{kind.name}`", said, _follows(first), _follows(again)])
    return (
        "# How a call to a platform ends\n\nEvery attempt ends as exactly one of these, or as posted. "
        "`campaign posts show ID` names it beside the attempt. What nobody foresaw is unknown. Times are the defaults "
        "of `[dispatch]`; a time that the platform states comes before them. A post that is still not out when its "
        "grace ends is missed. *Once more* is the same end after an earlier attempt that nobody knew the end of. "
        "An issue (email) is never unknown as a whole: each of its deliveries has its own end; the issue goes on.\n\n"
        + table(["outcome", "meaning", "what follows", "once more"], rows)
    )


def _power(name: str) -> type:
    found: type = next(getattr(where, name) for where in (ports, watching, connecting) if hasattr(where, name))
    return found


def _kinds(limits: ports.Limits) -> str:
    """Return the kinds of image that a channel takes."""
    named = ", ".join(sorted(one.rpartition("/")[2].upper() for one in limits.media_types))
    return f"{named}{'' if limits.media_moves else ', none that moves'}" if limits.media_max else "-"


def channels_page() -> str:
    """Return the page of each channel's limits and powers."""
    kinds = load_channels()
    limits = [
        [
            kind.title, str(kind.limits.text_max), str(kind.limits.subject_max or "-"), str(kind.limits.media_max),
            f"{kind.limits.media_bytes / 1_000_000:g} MB" if kind.limits.media_max else "-",
            _kinds(kind.limits), str(kind.limits.alt_max) if kind.limits.media_max else "-",
            str(kind.limits.title_max or "-"), spoken(kind.limits.pace),
            "yes" if kind.limits.card else "no", "yes" if kind.limits.shares else "no",
        ]
        for kind in kinds.values()
    ]  # fmt: skip
    built = {name: kind.from_settings(kind.settings_type()) for name, kind in kinds.items()}
    powers = [
        [said, *("yes" if isinstance(one, _power(power)) else "no" for one in built.values())]
        for power, said in words.POWERS.items()
    ]
    titles = [kind.title for kind in kinds.values()]
    head = [
        "channel",
        "longest text",
        "subject",
        "images",
        "each",
        "kinds",
        "alt text",
        "card title",
        "pace",
        "link card",
        "shares",
    ]
    return (
        "# Channels\n\nText is counted by each platform's own rule: on X an address counts 23, many signs count 2. "
        "*Pace* is the least time between two posts of one account. *Shares*: the channel can pass on another "
        f"account's post.\n\n{table(head, limits)}\nWhat a channel cannot do, a person does: an unconfirmed post that "
        f"cannot be looked up is settled by hand.\n\n{table(['power', *titles], powers)}"
    )


def fields_page() -> str:
    """Return the page of templates: head, facts, types, and the fields of the campaign that ships."""
    shipped: dict[tuple[str, ...], list[str]] = {}
    for (name, channel), template in sorted(
        load_templates(ROOT / "templates/national-conversation").by_key.items(), key=str
    ):
        for spec in template.fields.values():
            key = (spec.name, spec.type, str(spec.max or "-"), "yes" if spec.required else "no", spec.help)
            shipped.setdefault(key, []).append(f"{name}.{channel}" if channel else name)
    rows = [[f"`{name}`", *rest, ", ".join(where)] for (name, *rest), where in shipped.items()]
    own = (
        "Fields of the campaign that ships. A column of partners.csv with the field's name fills it for all posts "
        "(`kind` and `region` are kept by admins: no officer changes them with the details); "
        "`campaign posts edit ID NAME=VALUE` for one.\n"
    )
    return "\n".join(
        [
            "# Templates and their fields\n",
            "Keys of a template's head:\n",
            table(["key", "meaning"], [[f"`{key}`", words.HEAD[key]] for key in KEYS]),
            "Names that words may use beside the fields:\n",
            table(["name", "holds"], [[f"`{name}`", words.FACTS[name]] for name in sorted(FACTS)]),
            "Types of fields:\n",
            table(["type", "value"], [[kind, words.KINDS[kind]] for kind in KINDS]),
            own,
            table(["field", "type", "longest", "required", "help", "templates"], rows),
        ]
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "states.md": states_page,
    "outcomes.md": outcomes_page,
    "channels.md": channels_page,
    "template-fields.md": fields_page,
}


def stale(folder: Path = FOLDER) -> list[str]:
    """Return the pages that are not what the code says, and those that nothing writes."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    wanted = {name: NOTE + page() for name, page in PAGES.items()}
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


def write(folder: Path) -> None:
    """Write every page into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(NOTE + page(), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or check them; return the exit code."""
    if "--check" in arguments:
        found = stale()
        print("\n".join(f"docs/reference/{name} is not what the code says" for name in found) or "all as the code says")
        return int(bool(found))
    write(FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
