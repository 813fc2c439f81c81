"""A run may be killed at any moment: started again, it ends in the same bytes.

Twice: a quick look at a small corpus, killed at moments drawn from the time that a run takes; and
a campaign against a run whose workers share the load. There it is watched how far the run has
come, by what lies in OUT.optout, so that each step is hit, and what is killed is the run with all
its workers, the run alone, or one worker alone.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import OPTOUT
from .weighty import SHARDS, contents, said, workers_of, write_corpus, write_snapshot

MOMENTS = 10
SHARED = ("--workers", "8", "--memory", "8GiB")
"""With these, two processes work, of several threads each."""

PLAN, SCAN, DECIDE, WRITE, SEALED, APPLY, OVER = range(7)
"""How far a run has come; what follows `SEALED` is of masks only."""

SAMPLE = ("--sample", "500")
KILLS = {"rewrite": 64, "mask": 36}
AT_LEAST = 3
"""Kills in every step, and of every victim, in either campaign."""


def command(corpus: Path, snapshot: Path, out: Path) -> list[str]:
    given = ["filter", str(corpus), "--snapshot", str(snapshot), "--out", str(out)]
    return [*OPTOUT, *given]


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


@pytest.mark.parametrize(
    "moment",
    # Every other one takes its turn with the long campaigns.
    [pytest.param(at, marks=[pytest.mark.long] if at % 2 else []) for at in range(MOMENTS)],
)
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


Progress = tuple[int, int]
"""A step, and how many shards are done in it."""


def loaded(process: int) -> bool:
    """Whether a process has come as far as to read Parquet: from here on it plans."""
    with suppress(OSError):
        return "_parquet." in Path(f"/proc/{process}/maps").read_text()
    return False


@dataclass
class Campaign:
    """One OUT, and the runs that are killed over it until one of them comes to its end.

    Attributes:
        given: the input and the snapshot.
        out: where to.
        environment: the commands'.
        mode: `rewrite`, or `mask`, after which the masks are applied.
    """

    given: tuple[Path, Path]
    out: Path
    environment: dict[str, str]
    mode: str

    @property
    def evidence(self) -> Path:
        return self.out.with_name(f"{self.out.name}.optout")

    def progress(self) -> Progress:
        """How far a run has come, judged from what lies there."""
        there = [name for _, _, names in os.walk(self.evidence) for name in names]
        if "plan.json" not in there:
            return PLAN, 0
        if self.mode == "mask":
            plan = json.loads((self.evidence / "plan.json").read_bytes())
            if plan["mode"] == "rewrite":
                written = sum(1 for _ in self.out.rglob("*.parquet"))
                return (APPLY, written) if "inputs.json" in there else (OVER, 0)
        if "manifest.json" in there:
            return SEALED if self.mode == "mask" else OVER, 0
        if "decision.json" in there:
            return WRITE, sum(name.endswith(".parquet.json") for name in there)
        scanned = sum(name.endswith(".scan.json") for name in there)
        return (DECIDE, 0) if scanned == SHARDS else (SCAN, scanned)

    def start(self) -> subprocess.Popen[bytes]:
        """The next run: of what is to be done next."""
        if self.mode == "mask" and self.progress()[0] >= SEALED:
            given = [*OPTOUT, "apply", str(self.out), *SHARED]
        else:
            given = [*command(*self.given, self.out), "--mode", self.mode, *SHARED]
        return subprocess.Popen(
            given, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def finish(self, running: subprocess.Popen[bytes] | None = None) -> None:
        """Let what runs come to its end, and what is left to do too."""
        # Where the last kill came after the last change, a run signs what is there.
        while True:
            running = running or self.start()
            assert running.wait(240) == 0
            running = None
            if self.progress()[0] == OVER:
                return

    def timed(self) -> dict[int, float]:
        """Finish undisturbed, and tell how long each step took."""
        seconds: Counter[int] = Counter()
        while self.progress()[0] < OVER:
            running = self.start()
            while running.poll() is None and not loaded(running.pid):
                time.sleep(0.005)
            last = time.monotonic()
            while running.poll() is None:
                step, now = self.progress()[0], time.monotonic()
                seconds[step] += now - last
                last = now
                time.sleep(0.005)
            assert running.returncode == 0
        return dict(seconds)


class Killer:
    """Draws moments and victims; counts what was hit."""

    def __init__(self, seed: int, seconds: dict[int, float]) -> None:
        self._random = random.Random(seed)
        self._seconds = seconds
        self.steps: Counter[int] = Counter()
        self.victims: Counter[str] = Counter()

    @property
    def kills(self) -> int:
        return self.victims.total()

    def least(self, steps: set[int]) -> int:
        """How often the least hit of some steps was hit, or the least killed of all victims."""
        hit = [self.steps[step] for step in steps]
        return min(*hit, *(self.victims[victim] for victim in ("all", "run", "worker")))

    def pursue(self, campaign: Campaign) -> None:
        """Kill over one OUT a few times, each time later than before; then let it be finished."""
        steps = [PLAN, SCAN, DECIDE, WRITE, *[APPLY] * (campaign.mode == "mask")]
        running: subprocess.Popen[bytes] | None = None
        for step in sorted(self._random.choices(steps, [1, 2, 2, 2, 2][: len(steps)], k=6)):
            if running is None:
                running = campaign.start()
            begun = campaign.progress()
            if step < begun[0] and begun[0] != SEALED:
                continue
            if not self._await(campaign, running, step, begun):
                assert running.returncode == 0  # it was done before its moment came
                running = None
                continue
            if self._kill(campaign, running, begun):
                running = None
        campaign.finish(running)

    def _await(
        self, campaign: Campaign, running: subprocess.Popen[bytes], step: int, begun: Progress
    ) -> bool:
        """Wait for a moment within a step; or for the run's end, which tells a False."""
        shards = step in {SCAN, WRITE, APPLY}
        done = begun[1] if begun[0] == step else 0
        aim = step, self._random.randint(done, SHARDS - 1) if shards and done < SHARDS else done
        while not loaded(running.pid):
            if running.poll() is not None:
                return False
            time.sleep(0.02)
        while campaign.progress() < aim:
            if running.poll() is not None:
                return False
            time.sleep(0.005)
        length = self._seconds[step] * (2 / SHARDS if shards else 0.8)
        with suppress(subprocess.TimeoutExpired):
            running.wait(self._random.uniform(0, length))
            return False
        return True

    def _kill(self, campaign: Campaign, running: subprocess.Popen[bytes], begun: Progress) -> bool:
        """Kill somebody, count it, and tell whether the run itself is dead."""
        workers = workers_of(running.pid)
        victim = self._random.choice(["all", "run", "worker"]) if workers else "run alone"
        chosen = [self._random.choice(workers)] if victim == "worker" else [running.pid]
        for process in [*chosen, *(workers if victim == "all" else [])]:
            with suppress(ProcessLookupError):  # it came to its own end just now
                os.kill(process, signal.SIGKILL)
        if victim != "worker" and running.wait(60) != -signal.SIGKILL:
            return True
        reached = campaign.progress()
        self.victims[victim] += 1
        # Only a run that came so far by itself was interrupted there.
        if reached != begun or reached[0] == PLAN:
            self.steps[reached[0]] += 1
        return victim != "worker"


@pytest.fixture(scope="module")
def weighty(optout: Callable, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A corpus that workers share, and a snapshot with much to say about it."""
    folder = tmp_path_factory.mktemp("weighty")
    return write_corpus(folder / "corpus"), write_snapshot(folder, optout)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", KILLS)
def test_a_campaign_of_kills_ends_in_the_same_bytes(
    mode: str,
    weighty: tuple[Path, Path],
    environment: dict[str, str],
    tmp_path: Path,
    optout: Callable,
) -> None:
    undisturbed = Campaign(weighty, tmp_path / "undisturbed" / "out", environment, mode)
    killer = Killer(20, undisturbed.timed())
    expected, stated = contents(undisturbed.out), said(undisturbed.out)
    steps = {PLAN, SCAN, DECIDE, WRITE} | ({APPLY} if mode == "mask" else set())
    number = 0
    while killer.kills < KILLS[mode] or killer.least(steps) < AT_LEAST:
        assert killer.kills < 3 * KILLS[mode], (killer.steps, killer.victims)
        campaign = Campaign(weighty, tmp_path / str(number) / "out", environment, mode)
        killer.pursue(campaign)
        assert contents(campaign.out) == expected
        assert said(campaign.out) == stated
        optout("verify", campaign.out, "--snapshot", weighty[1], "--input", weighty[0], *SAMPLE)
        shutil.rmtree(campaign.out.parent)
        number += 1
