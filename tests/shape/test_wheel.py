"""The wheel carries the program, its data and the starter that `campaign init` lays out."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from campaign.config import lay_out, load_settings, starter_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the locked build tools, no index asked, and unpack it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (our own interpreter)
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_carries_all_that_the_checkout_has(unpacked: Path) -> None:
    def files(folder: Path) -> set[str]:
        found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        return {str(path) for path in found if "__pycache__" not in path.parts}

    carried = files(unpacked / "campaign")
    assert files(ROOT / "campaign") - carried == set()
    assert {f"starter/templates/{name}" for name in files(ROOT / "templates")} <= carried
    assert {f"starter/schedules/{name}" for name in files(ROOT / "schedules")} <= carried


def test_a_workspace_is_laid_out_from_the_wheel_as_from_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    packed = starter_folder(unpacked / "campaign")
    assert packed == unpacked / "campaign" / "starter"
    lay_out(tmp_path / "packed", packed)
    settings = load_settings(tmp_path / "packed", {})
    assert settings.campaign == load_settings(ROOT, {}).campaign.model_copy(
        update={"timetable": settings.campaign.timetable, "templates": settings.campaign.templates}
    )
    assert settings.campaign.timetable.is_file()
    assert settings.campaign.templates.is_dir()
