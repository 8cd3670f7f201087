"""Configuration: the file, the environment over it, and errors that name file, key and mend."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from campaign.app import App
from campaign.config import (
    Duration,
    Origin,
    Section,
    duration,
    find_workspace,
    lay_out,
    load_settings,
    spoken,
    starter_folder,
    validated,
)
from campaign.errors import BadSetting, NoWorkspace, WrongUse

TOP = Path(__file__).resolve().parents[2]
LEAST = '[campaign]\nname = "A"\ntimetable = "schedules/a.toml"\ntemplates = "templates/a"\n'


def workspace(folder: Path, more: str = "") -> Path:
    (folder / "config.toml").write_text(LEAST + more, encoding="utf-8")
    return folder


def refusal(folder: Path, more: str = "", environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(BadSetting) as caught:
        load_settings(workspace(folder, more), environ or {})
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("30m", 1800), ("1h", 3600), ("2d", 172_800), ("1h30m", 5400), ("500ms", 0.5), ("0s", 0)],
)
def test_lengths_of_time_are_read(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)
    assert duration(spoken(duration(text))) == duration(text)


@pytest.mark.parametrize("text", ["", "30", "m", "30m1h", "1h1h", "-5m", "5 m", "1y", "9999999d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"length of time|ten years"):
        duration(text)


def test_a_call_that_states_no_bound_ends_within_the_longest_of_dispatch(tmp_path: Path) -> None:
    workspace(tmp_path, '[dispatch]\ncall_timeout = "9s"\n[channels.x]\nread = "4s"\n')
    channels = App.open(tmp_path, {}).channels
    bounds = {name: channels[name]._settings.read.total_seconds() for name in ("x", "facebook", "linkedin")}
    assert bounds == {"x": 4, "facebook": 9, "linkedin": 9}


def test_the_shipped_file_loads_and_states_the_defaults(tmp_path: Path) -> None:
    shipped = load_settings(TOP, {})
    bare = load_settings(workspace(tmp_path), {})
    assert shipped.campaign.name == "National conversation on SEND reform"
    assert set(shipped.channels) == {"x", "facebook", "linkedin", "email"}
    for section in ("engine", "dispatch", "web", "review", "engagement", "newsletter", "logging"):
        assert getattr(shipped, section) == getattr(bare, section)


def test_every_commented_key_of_the_shipped_file_states_its_default(tmp_path: Path) -> None:
    lines = (TOP / "config.toml").read_text(encoding="utf-8").splitlines()
    opened = [line.removeprefix("# ") if line.startswith(("# [", "# ")) and _is_toml(line) else line for line in lines]
    (tmp_path / "config.toml").write_text("\n".join(opened), encoding="utf-8")
    full, bare = load_settings(tmp_path, {}), load_settings(TOP, {})
    for section in ("dispatch", "review", "engagement", "newsletter", "logging", "metrics", "alerts"):
        assert getattr(full, section) == getattr(bare, section)
        # What is set in the environment alone has no line to put a value on.
        stated = set(type(getattr(full, section)).model_fields) - {"webhook", "webhook_secret", "heartbeat"}
        assert getattr(full, section).model_fields_set == stated


def _is_toml(line: str) -> bool:
    words = line.removeprefix("# ")
    return words.startswith("[") or (" = " in words and words.split(" = ")[0].isidentifier())


def test_paths_and_the_database_resolve_against_the_workspace(tmp_path: Path) -> None:
    settings = load_settings(workspace(tmp_path), {})
    assert settings.workspace == tmp_path
    assert settings.campaign.timetable == tmp_path / "schedules/a.toml"
    assert settings.campaign.templates == tmp_path / "templates/a"
    assert settings.media.folder == tmp_path / "media"
    assert settings.vault.key_file == tmp_path / "campaign.key"
    assert settings.database.url == f"sqlite:///{tmp_path}/campaign.db"


def test_the_environment_overrides_every_key(tmp_path: Path) -> None:
    environ = {
        "CAMPAIGN__DISPATCH__GRACE": "1h",
        "CAMPAIGN__DISPATCH__LANES": "3",
        "CAMPAIGN__DISPATCH__RETRIES": '["1s", "2s"]',
        "CAMPAIGN__CAMPAIGN__NAME": "2025-12-02",
        "CAMPAIGN__CHANNELS__X__API_URL": "http://127.0.0.1:9/x",
        "CAMPAIGN__ENGAGEMENT__READINGS": '["100ms"]',
        "CAMPAIGN__LOGGING__JSON": "true",
        "CAMPAIGN_USER": "somebody",
    }
    settings = load_settings(workspace(tmp_path), environ)
    assert settings.dispatch.grace == timedelta(hours=1)
    assert settings.dispatch.lanes == 3
    assert settings.dispatch.retries == (timedelta(seconds=1), timedelta(seconds=2))
    assert settings.campaign.name == "2025-12-02"
    assert settings.channels["x"] == {"api_url": "http://127.0.0.1:9/x"}
    assert settings.engagement.readings == (timedelta(milliseconds=100),)
    assert settings.logging.json_lines


def test_a_variable_with_a_line_break_stays_text(tmp_path: Path) -> None:
    settings = load_settings(workspace(tmp_path), {"CAMPAIGN__CAMPAIGN__NAME": '"A"\n[x]\ny = 1'})
    assert settings.campaign.name == '"A"\n[x]\ny = 1'


def test_a_stray_key_names_its_line_and_the_nearest_known_name(tmp_path: Path) -> None:
    words = refusal(tmp_path, '[dispatch]\nlanes = 2\ngraec = "5m"\n')
    assert words == "config.toml:7: dispatch.graec: there is no such key. Did you mean 'grace'?"


def test_a_stray_table_lists_or_guesses_the_known_ones(tmp_path: Path) -> None:
    assert "config.toml:5: dispach: there is no such key. Did you mean 'dispatch'?" in refusal(tmp_path, "[dispach]\n")
    assert "'json'" in refusal(tmp_path, "[logging]\njsn = true\n")
    assert "Known are: alerts, campaign, channels" in refusal(tmp_path, "[zzz]\n")


def test_a_fault_of_a_variable_names_the_variable(tmp_path: Path) -> None:
    for name, value in {"GRACE": "soon", "GRAECE": "1h"}.items():
        words = refusal(tmp_path, '[dispatch]\ngrace = "1m"\n', {f"CAMPAIGN__DISPATCH__{name}": value})
        assert words.startswith(f"environment CAMPAIGN__DISPATCH__{name}: dispatch.{name.lower()}: ")
    assert refusal(tmp_path, "", {"CAMPAIGN__DISPACH__X": "1"}).startswith("environment CAMPAIGN__DISPACH__X")
    assert "has no keys" in refusal(tmp_path, "", {"CAMPAIGN__CAMPAIGN__NAME__X": "1"})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[dispatch]\ngrace = 30\n", "has no unit of time"),
        ('[dispatch]\nlanes = "many"\n', "whole number"),
        ('[dispatch]\nlease = "30s"\n', "shorter than two calls"),
        (
            '[channels.x]\nread = "10m"\n',
            "config.toml:6: channels.x.read: a call may last longer (10m) than dispatch.call",
        ),
        ('[dispatch]\ncall_timeout = "9s"\n[channels.x]\nread = "10s"\n', "config.toml:8: channels.x.read: "),
        ('[dispatch]\nbeat = "0s"\n', "no time at all"),
        ('[dispatch]\nretries = ["5s", "x"]\n', "dispatch.retries[2]"),
        ('[database]\nurl = "mysql://host/name"\n', "postgresql+psycopg"),
        ('[database]\nurl = "sqlite:///:memory:"\n', "needs a file"),
        ('[engine]\nkind = "pgqueuer"\n', "engine.kind"),
        ('[engine]\nkind = "celery"\n', "'local' or 'pgqueuer'"),
        ('[web]\nlisten = "localhost"\n', "no host and port"),
        ('[web]\npublic_url = "http://example.org"\n', "Use https"),
        ('[web]\npublic_url = "example.org"\n', "no web address"),
        ('[web]\nprivacy_url = "javascript:alert(1)"\n', "no web address"),
        ('[web]\ncontact_email = "a team"\n', "no mail address"),
        ('[engagement]\nreadings = ["6h", "1h"]\n', "rising order"),
        ('[review]\nagree = "never"\n', "review.agree"),
        ("= 3\n", "not TOML"),
    ],
)
def test_each_wrong_value_is_refused_in_one_line(tmp_path: Path, more: str, said: str) -> None:
    words = refusal(tmp_path, more)
    assert said in words
    assert "\n" not in words


def test_a_missing_key_and_a_wrong_zone_are_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[campaign]\ntimetable = "a"\ntemplates = "b"\n', encoding="utf-8")
    with pytest.raises(BadSetting, match=r"campaign\.name: it is missing"):
        load_settings(tmp_path, {})
    (tmp_path / "config.toml").write_text(LEAST + 'timezone = "Mars/Base"\n', encoding="utf-8")
    with pytest.raises(BadSetting, match="no time zone"):
        load_settings(tmp_path, {})


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(LEAST.encode() + b"# \xff\n")
    with pytest.raises(BadSetting, match="not UTF-8"):
        load_settings(tmp_path, {})


def test_all_faults_ride_along_with_the_first(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as caught:
        load_settings(workspace(tmp_path, '[dispatch]\ngrace = "x"\nlanes = 0\n'), {})
    findings = caught.value.facts["findings"]
    assert isinstance(findings, tuple)
    assert [finding.field for finding in findings] == ["dispatch.grace", "dispatch.lanes"]


def test_secrets_stay_out_of_what_is_printed(tmp_path: Path) -> None:
    more = '[database]\nurl = "postgresql+psycopg://u:hush@h/n"\n[channels.email]\nsmtp_url = "smtp://u:hush@h"\n'
    assert "hush" not in repr(load_settings(workspace(tmp_path, more), {}))
    assert "hush" not in refusal(tmp_path, '[database]\nurl = "mysql://u:hush@h/n"\n')


def test_a_channel_reads_its_own_table_with_the_same_errors(tmp_path: Path) -> None:
    class Own(Section):
        version: str
        pace: Duration = timedelta(seconds=1)

    more = '[channels.x]\nversion = 202607\npace = "2s"\n[channels.y]\nversoin = "1"\n'
    settings = load_settings(workspace(tmp_path, more), {"CAMPAIGN__CHANNELS__X__PACE": "3s"})
    own = validated(Own, settings.channels["x"], settings.origin, within=("channels", "x"))
    assert (own.version, own.pace) == ("202607", timedelta(seconds=3))
    with pytest.raises(BadSetting) as caught:
        validated(Own, {"versoin": "1"}, settings.origin, within=("channels", "y"))
    findings = caught.value.facts["findings"]
    assert isinstance(findings, tuple)
    assert "config.toml:9: channels.y.versoin: there is no such key. Did you mean 'version'?" in map(str, findings)
    with pytest.raises(BadSetting, match="environment CAMPAIGN__CHANNELS__X__PACE"):
        validated(Own, {"version": "1", "pace": "?"}, settings.origin, within=("channels", "x"))
    with pytest.raises(BadSetting, match=r"^elsewhere: version: it is missing\. Add it\.$"):
        validated(Own, {}, Origin("elsewhere"))


def test_the_workspace_is_the_nearest_config_upward(tmp_path: Path) -> None:
    deep = workspace(tmp_path) / "a" / "b"
    deep.mkdir(parents=True)
    assert find_workspace(None, {}, deep) == tmp_path
    assert find_workspace(None, {}, tmp_path) == tmp_path


def test_a_named_workspace_goes_before_the_variable_and_the_variable_before_the_folder(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("named", "variable", "here")]
    for folder in folders:
        folder.mkdir()
        workspace(folder)
    named, variable, here = folders
    assert find_workspace(Path("../named"), {"CAMPAIGN_WORKSPACE": str(variable)}, here) == named
    assert find_workspace(None, {"CAMPAIGN_WORKSPACE": str(variable)}, here) == variable


def test_a_named_folder_without_config_is_refused_even_below_a_workspace(tmp_path: Path) -> None:
    below = workspace(tmp_path) / "below"
    below.mkdir()
    with pytest.raises(NoWorkspace, match=r"below or above it.*campaign init"):
        find_workspace(below, {}, tmp_path)
    with pytest.raises(NoWorkspace):
        load_settings(below, {})


def test_the_starter_comes_from_the_packed_folder_else_from_the_checkout(tmp_path: Path) -> None:
    room = tmp_path / "campaign"
    room.mkdir()
    with pytest.raises(WrongUse, match="missing"):
        starter_folder(room)
    for folder in (tmp_path, room / "starter"):
        for part in ("templates", "schedules"):
            (folder / part).mkdir(parents=True)
        workspace(folder)
        assert starter_folder(room) == folder
    assert starter_folder() in {TOP, TOP / "campaign" / "starter"}


def test_laying_out_copies_the_starter_and_never_overwrites(tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert [path.name for path in lay_out(new)] == ["config.toml", "schedules", "templates"]
    assert load_settings(new, {}).campaign.name == "National conversation on SEND reform"
    (new / "config.toml").unlink()
    with pytest.raises(WrongUse, match="is there already"):
        lay_out(new)
    assert not (new / "config.toml").exists()


def test_reading_the_configuration_loads_no_heavy_library() -> None:
    script = "import sys, campaign.config; print(*(n for n in ('sqlmodel', 'tweepy', 'fastapi') if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=TOP)  # noqa: S603 (our own interpreter)
    assert done.stdout.strip() == ""
