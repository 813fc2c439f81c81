"""What holds for every test: machines are shared, so no law depends on how fast one is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable

import pytest
from hypothesis import settings

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
