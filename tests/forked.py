"""The command line in a process of its own, forked from one that has loaded it: loading is most of its work."""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver, get_context
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from tempfile import TemporaryDirectory
from unittest.mock import patch

_FORK = get_context("forkserver")
_FORK.set_forkserver_preload(["__main__", "preloaded"])


def campaign(arguments: Sequence[str], environ: Mapping[str, str], timeout: float) -> CompletedProcess[str]:
    """Run the command line, with these variables beside those of this process; return what it said."""
    _ready()
    with TemporaryDirectory() as kept:
        said = [Path(kept) / "out", Path(kept) / "err"]
        everything = os.environ | dict(environ)
        process = _FORK.Process(target=_main, args=([*arguments], everything, *map(str, said)))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutExpired([*arguments], timeout)
        return CompletedProcess([*arguments], process.exitcode, *(file.read_text(encoding="utf-8") for file in said))


@cache
def _ready() -> None:
    """Start the process that forks. It finds what it is to load by its environment alone."""
    here = str(Path(__file__).parent)
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))):
        forkserver.ensure_running()


def _main(arguments: list[str], environ: dict[str, str], out: str, err: str) -> None:
    for name, number in ((out, 1), (err, 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["campaign", *arguments]
    assert "preloaded" in sys.modules, "it could not be loaded, and everything was loaded here anew"

    from campaign.cli import main  # noqa: PLC0415 - the one who asks need not load it

    sys.exit(main())
