"""The service may be killed at any moment under load: what it has acknowledged is there.

Clients register, withdraw and erase while others fetch checkpoints; the server, with everything
that runs beside it, is killed and started again, fifty times on either database. On PostgreSQL two
servers share the registry, and either one of them is killed or both.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
from optout.registry import Registry
from optout.registry.log import Checkpoint, Tree, VerifierKey, fold, leaf_hash
from optout.registry.registry import Registry as OpenRegistry

from .conftest import OPTOUT

KILLS = 50
CLIENTS = 6
KINDS = ("sqlite", "postgresql")

Location = tuple[str, Path]
"""A registry's address, and the folder of its keys."""


@dataclass
class Acknowledged:
    """What clients were told before the server died, or died from.

    Attributes:
        cases: secret and values, by number.
        withdrawn: cases whose withdrawal was acknowledged.
        erased: cases whose erasure was acknowledged.
        doubtful: cases whose last request was never answered.
        checkpoints: every signed note that was seen.
        faults: answers that were none of those that were due.
    """

    cases: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    checkpoints: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


@pytest.fixture(params=KINDS)
def location(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Location]:
    """A new registry."""
    monkeypatch.setenv("OPTOUT_KEYS", str(tmp_path))
    if request.param == "sqlite":
        database = str(tmp_path / "optout.db")
        Registry.create(database).close()
        yield database, tmp_path
        return
    postgres = request.getfixturevalue("postgres")
    url = postgres.new_registry(tmp_path)
    yield url, tmp_path
    postgres.drop(url)


@contextmanager
def serving(location: Location) -> Iterator[tuple[str, Callable[[], None]]]:
    """A server, and what kills it with all that it has started."""
    environment = {
        **os.environ,
        "OPTOUT_REGISTRY": location[0],
        "OPTOUT_KEYS": str(location[1]),
        "OPTOUT_QUOTAS_ENABLED": "false",
        "OPTOUT_LIMITS_PUBLISH_SECONDS": "1",
        "OPTOUT_PUBLISHED": str(location[1] / "published"),
        "OPTOUT_STATE": str(location[1] / "state"),
    }
    with (
        TemporaryFile("w+") as says,
        subprocess.Popen(
            [*OPTOUT, "serve", "--port", "0", "--json"],
            env=environment,
            cwd=location[1],
            stdout=subprocess.PIPE,
            stderr=says,
            text=True,
            start_new_session=True,
        ) as process,
    ):

        def kill() -> None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

        try:
            assert process.stdout is not None
            lines = (re.search(r"http://[\d.:]+", line) for line in process.stdout)
            found = next(filter(None, lines), None)
            says.seek(0)
            assert found, says.read()
            yield found[0], kill
        finally:
            kill()


def ask(address: str, path: str, method: str = "GET", body: Any = None, secret: str = "") -> Any:
    """An answer's status and text; nothing where there was none."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if data else {}
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    request = urllib.request.Request(f"{address}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (OSError, ValueError, HTTPException):
        return None


def client(address: str, held: Acknowledged, ending: threading.Event, seed: int) -> None:
    """Registers, withdraws, erases and looks, until nobody answers."""
    chance = random.Random(seed)
    mine: list[str] = []
    while not ending.is_set():
        choice = chance.random()
        if choice < 0.5 or not mine:
            values = [f"https://anna.example/{seed}/{chance.random()}" for _ in range(3)]
            items = [{"kind": "url", "value": value} for value in values]
            answer = ask(address, "/v1/cases", "POST", {"items": items})
            if answer is None:
                return
            if answer[0] != 201:
                held.faults.append(f"registering: {answer}")
                return
            case = json.loads(answer[1])
            held.cases[case["case"]] = case["secret"], values
            held.checkpoints.add(case["checkpoint"])
            mine.append(case["case"])
        elif choice < 0.7:
            answer = ask(address, "/checkpoint")
            if answer is None:
                return
            if answer[0] != 200:
                held.faults.append(f"looking: {answer}")
                return
            held.checkpoints.add(answer[1])
        else:
            number = mine.pop(chance.randrange(len(mine)))
            secret, _ = held.cases[number]
            path = f"/v1/cases/{number}"
            held.doubtful.add(number)
            if choice < 0.85:
                shown = ask(address, path, secret=secret)
                if shown is None:
                    held.doubtful.discard(number)
                    return
                if shown[0] != 200:
                    held.faults.append(f"reading: {shown}")
                    return
                wanted = [item["index"] for item in json.loads(shown[1])["items"]]
                answer = ask(address, f"{path}/withdrawals", "POST", {"items": wanted}, secret)
                done, kept = 200, held.withdrawn
            else:
                answer = ask(address, path, "DELETE", secret=secret)
                done, kept = 204, held.erased
            if answer is None:
                return
            if answer[0] != done:
                held.faults.append(f"ending: {answer}")
                return
            kept.add(number)
            held.doubtful.discard(number)


def one_life(location: Location, held: Acknowledged, chance: random.Random, servers: int) -> None:
    """Serve under load, and be killed."""
    with ExitStack() as stack:
        running = [stack.enter_context(serving(location)) for _ in range(servers)]
        ending = threading.Event()
        threads = [
            threading.Thread(
                target=client,
                args=(running[n % servers][0], held, ending, chance.getrandbits(40)),
            )
            for n in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.3, 1.8))
        for _, kill in running if chance.random() < 0.5 else running[:1]:
            kill()
        if servers > 1:
            time.sleep(0.2)
        ending.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()


def check_cases(registry: OpenRegistry, held: Acknowledged) -> Counter[str]:
    """Every case is as its owner was told."""
    seen: Counter[str] = Counter()
    for number, (secret, values) in held.cases.items():
        if number in held.doubtful:
            seen["doubtful"] += 1
            continue
        if number in held.erased:
            with pytest.raises(Exception, match="there is no such case"):
                registry.cases.read(number, secret)
            seen["erased"] += 1
            continue
        items = registry.cases.read(number, secret).items
        assert sorted(item.shown for item in items) == sorted(values)
        state = "withdrawn" if number in held.withdrawn else "in-force"
        assert {str(item.status) for item in items} == {state}
        seen[state] += 1
    return seen


def check_checkpoints(registry: OpenRegistry, held: Acknowledged) -> int:
    """Every root that was ever signed is that of the log at its size; never two at one size."""
    key = VerifierKey.parse(str(registry.key.verifier))
    roots: dict[int, bytes] = {}
    for note in held.checkpoints - {""}:
        seen = Checkpoint.open(note, key)
        assert roots.setdefault(seen.size, seen.root) == seen.root
    tree, leaves = Tree(), registry.leaves()
    for size in sorted(roots):
        while tree.size < size:
            tree.extend([leaf_hash(next(leaves))])
        assert tree.root() == roots[size], size
    return len(roots)


@pytest.mark.long
def test_what_was_acknowledged_outlives_any_kill(location: Location) -> None:
    chance, held = random.Random(2026), Acknowledged()
    servers = 2 if "://" in location[0] else 1
    for _ in range(KILLS):
        one_life(location, held, chance, servers)
    assert held.faults == []
    with Registry.open(location[0]) as registry:
        seen = check_cases(registry, held)
        assert check_checkpoints(registry, held) > KILLS
        state = fold(registry.leaves())
        opened = {opening.index for opening in registry.openings()}
        assert opened == {at for at, entry in state.entries.items() if entry.status.in_force}
        assert registry.can_erase()
    assert min(seen[word] for word in ("in-force", "withdrawn", "erased")) >= KILLS // 2, seen
