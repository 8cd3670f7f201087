"""Faults in what a person wrote are said in words, on the right line, with one mark at the end of a sentence."""

from collections.abc import Mapping

import pytest
from terminal import CONFIG, Terminal, opened_terminal

from campaign.errors import Finding, WrongUse


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    return opened_terminal(tmp_path_factory.mktemp("words"))


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ({"config.toml": ""}, 2, "config.toml: [campaign]: the table is missing. Write [campaign] as the shipped"),
        ({"config.toml": f'{CONFIG}[engagement]\nreadings = "1s"\n'}, 2, "engagement.readings: it is no list. Write"),
        ({"config.toml": "campaign = 1\n"}, 2, "campaign: it is no table. Write it as a table"),
        ({"config.toml": f'{CONFIG}[channels.x]\napi_url = "ftp://hmm"\n'}, 2, "channels.x.api_url: no web address."),
        ({"config.toml": f'{CONFIG}[channels.facebook]\ngraph_url = "graph"\n'}, 2, "graph_url: no web address."),
        ({"config.toml": f'{CONFIG}[channels.linkedin]\nauth_url = "http://[x"\n'}, 2, "auth_url: no web address."),
        (
            {"schedules/own.toml": "[days]\nlaunch = 2099-02-30\n"},
            1,
            "own.toml:2: days.launch: 2099-02-30 is not a day",
        ),
        (
            {"templates/own/hello.md": "---\ntitle: Hello\nversion: 1\n---\nOne\n\n{{ partner.name | shout }}\n"},
            1,
            "hello.md:7: words: cannot be filled: No filter named 'shout'. The filters are upper, lower,",
        ),
        (
            {"templates/own/hello.md": "---\ntitle: Hello\nversion: 1\n---\nOne\n\n{{ partner.name.upper() }}\n"},
            1,
            "hello.md:7: words: calls something. Show names",
        ),
    ],
)
def test_a_fault_is_said_in_words(terminal: Terminal, files: Mapping[str, str], code: int, words: str) -> None:
    before = {name: (terminal.folder / name).read_text(encoding="utf-8") for name in files}
    for name, text in files.items():
        terminal.write(name, text)
    try:
        shown = terminal.run("check", code=code)
    finally:
        for name, text in before.items():
            terminal.write(name, text)
    assert words in shown
    assert "tuple" not in shown


def test_a_sentence_that_brings_its_own_mark_gets_no_second_one() -> None:
    assert str(WrongUse(problem="Did you mean 'hello'?", mend="Write it.")) == "Did you mean 'hello'? Write it."
    assert str(WrongUse(problem="That is no question.", mend="Ask...")) == "That is no question. Ask..."
    assert str(Finding("a.toml", "x", "it ends, and so on...", "Mend it")) == "a.toml: x: it ends, and so on... Mend it"


def test_help_names_arguments_as_people_type_them(terminal: Terminal) -> None:
    for command, name in (("submit", " ID...\n"), ("show", " ID\n"), ("edit", " ID FIELD=VALUE...\n")):
        shown = terminal.run("posts", command, "--help")
        assert name in shown
        assert "ident" not in shown
    assert "demo " in terminal.run("--help")
