"""A run may be killed at any moment: started again, it ends in the same bytes."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

MOMENTS = 20


def contents(out: Path) -> dict[str, bytes]:
    """Every file of OUT and of the evidence beside it, but for the manifest, which bears a date."""
    evidence = out.with_name(f"{out.name}.optout")
    return {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for folder in (out, evidence)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def command(corpus: Path, snapshot: Path, out: Path) -> list[str]:
    given = ["filter", str(corpus), "--snapshot", str(snapshot), "--out", str(out)]
    return [sys.executable, "-m", "optout.api.cli", *given]


@pytest.fixture(scope="module")
def undisturbed(
    corpus: Path,
    proven: Path,
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, bytes], float]:
    """What an undisturbed run leaves, and how long it took."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    started = time.monotonic()
    subprocess.run(command(corpus, proven, out), env=environment, check=True, capture_output=True)
    return contents(out), time.monotonic() - started


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_run_ends_in_the_same_bytes(
    moment: int,
    corpus: Path,
    proven: Path,
    environment: dict[str, str],
    undisturbed: tuple[dict[str, bytes], float],
    tmp_path: Path,
    optout: Callable,
) -> None:
    expected, seconds = undisturbed
    out = tmp_path / "out"
    running = subprocess.Popen(
        command(corpus, proven, out),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    delay = random.Random(moment).uniform(0, seconds)
    try:
        running.wait(timeout=delay)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGKILL)
        running.wait()
    optout("filter", corpus, "--snapshot", proven, "--out", out)
    assert contents(out) == expected
    optout("verify", out, "--snapshot", proven, "--input", corpus)
