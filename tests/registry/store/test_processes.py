"""Several processes share one database; one that is killed has lost nothing of what it told."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap

import pytest
from optout.registry import Identifier, Registry
from optout.registry.log import Tree, fold, leaf_hash

APPENDING = """
    import sys
    from optout.registry import Identifier, Registry
    from optout.registry.registry import Claim
    database, name, rounds = sys.argv[1:]
    with Registry.open(database) as registry:
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(int(rounds)):
            address = f"{name}.example/{number}"
            claims = [Claim(Identifier.url(f"https://{address}/{n}")) for n in range(3)]
            print(number, *(added.index for added in registry.add(claims)), flush=True)
"""


def start(location: str, name: str, rounds: int) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", textwrap.dedent(APPENDING), location, name, str(rounds)]
    process = subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def told_by(name: str, lines: list[str]) -> dict[int, Identifier]:
    """What a process has acknowledged: by entry, what it covers."""
    told = {}
    for line in lines:
        number, *indexes = map(int, line.split())
        for place, index in enumerate(indexes):
            told[index] = Identifier.url(f"https://{name}.example/{number}/{place}")
    return told


def check(location: str, told: dict[int, Identifier]) -> int:
    """Whether the log is whole and holds what was told; returns its size."""
    with Registry.open(location) as registry:
        leaves = list(registry.leaves())
        assert len(leaves) == registry.size
        assert registry.root() == Tree.of(map(leaf_hash, leaves)).root()
        state = fold(leaves)
        openings = {opening.index: opening for opening in registry.openings()}
        assert openings.keys() == state.entries.keys()
        for index, identifier in told.items():
            assert openings[index].check(state.entries[index]) == identifier
        return registry.size


def test_two_processes_append_to_one_log_without_a_gap(location: str) -> None:
    processes = {name: start(location, name, 30) for name in ("anna", "bela")}
    for process in processes.values():
        go(process)
    told: dict[int, Identifier] = {}
    for name, process in processes.items():
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        told |= told_by(name, out.splitlines())
    assert sorted(told) == list(range(180))
    assert check(location, told) == 180


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_process_has_lost_nothing_that_it_told(location: str, seed: int) -> None:
    told: dict[int, Identifier] = {}
    for number in range(2):
        name = f"round{number}"
        process = start(location, name, 100_000)
        go(process)
        try:
            process.wait(timeout=random.Random(10 * seed + number).uniform(0.05, 0.4))
        except subprocess.TimeoutExpired:
            process.kill()
        out, _ = process.communicate(timeout=60)
        # A last line that was cut off was not told.
        told |= told_by(name, [line for line in out.splitlines(True) if line.endswith("\n")])
        size = check(location, told)
        assert len(told) <= size <= len(told) + 3 * (number + 1)
