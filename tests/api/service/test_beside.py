"""Long work has processes of its own."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import anyio
import pytest
from optout.api.errors import Busy, WorkerBroken
from optout.api.service import Limits, Publisher, UploadDesk
from optout.api.service.beside import Beside, work_beside
from optout.registry import Identifier, Registry, Snapshot
from optout.registry.errors import RegistryError
from optout.registry.partners import PartnersUpload, Purpose
from optout.registry.registry import Claim


@pytest.fixture
def database(new_registry: Callable[[], Path]) -> Path:
    return new_registry()


@pytest.fixture
def registry(database: Path) -> Iterator[Registry]:
    with Registry.open(database) as registry:
        registry.add([Claim(Identifier.url("https://anna.example/1"))])
        yield registry


@pytest.fixture
def beside(database: Path) -> Beside:
    return Beside(str(database))


SPARED = Path("/proc/self/oom_score_adj")


def write_what_holds() -> None:
    """Writes into the file that it is told how it runs."""

    def work(registry: Registry, arguments: list[str], _: threading.Event) -> bool:
        command = Path("/proc/self/cmdline").read_bytes().decode().replace("\0", " ")
        spared = SPARED.read_text("ascii").strip() if SPARED.exists() else "1000"
        Path(arguments[0]).write_text(f"{registry.size} {os.nice(0)} {spared} {command}")
        return True

    work_beside(work)


def crash() -> None:
    """Ends as a process does whose memory was needed."""

    def work(_registry: Registry, _arguments: list[str], _: threading.Event) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    work_beside(work)


def fail() -> None:
    """Fails with words that quote somebody."""

    def work(_registry: Registry, _arguments: list[str], _: threading.Event) -> bool:
        raise ValueError("anna")

    work_beside(work)


def wait() -> None:
    """Says that it runs, and then waits for its end."""

    def work(_registry: Registry, arguments: list[str], ending: threading.Event) -> bool:
        Path(arguments[0]).touch()
        ending.wait(60)
        return False

    work_beside(work)


def test_work_has_a_process_that_yields_and_names_no_registry(
    registry: Registry, beside: Beside, database: Path, tmp_path: Path
) -> None:
    assert beside.run(write_what_holds, str(tmp_path / "told"))
    size, nice, spared, command = (tmp_path / "told").read_text().split(" ", 3)
    assert (int(size), int(nice)) == (registry.size, os.nice(0) + 10)
    assert spared == "1000", "where memory runs out, it goes before the service"
    assert str(database) not in command


def test_work_that_is_ended_from_outside_is_told(registry: Registry, beside: Beside) -> None:
    with pytest.raises(WorkerBroken, match="was ended by signal 9"):
        beside.run(crash)


def spared() -> None:
    """Is told to end as every process of a service is, and ends its work all the same."""

    def work(_registry: Registry, arguments: list[str], ending: threading.Event) -> bool:
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
        Path(arguments[0]).write_text(str(ending.is_set()))
        return True

    work_beside(work)


def early() -> None:
    """Is told to end before it could prepare for that."""
    os.kill(os.getpid(), signal.SIGTERM)


def interrupted() -> None:
    """Likewise."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def test_work_ends_with_the_service_and_not_when_every_process_is_told_to(
    registry: Registry, beside: Beside, tmp_path: Path
) -> None:
    assert beside.run(spared, str(tmp_path / "told"))
    assert (tmp_path / "told").read_text() == "False"


@pytest.mark.parametrize("main", [early, interrupted])
def test_work_that_is_told_to_end_at_its_start_was_stopped_and_is_not_broken(
    beside: Beside, main: Callable[[], None]
) -> None:
    assert not beside.run(main)


def test_where_no_process_can_be_started_nothing_is_left_open(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no process")

    monkeypatch.setattr("optout.api.service.beside.subprocess.Popen", full)
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match="no process"):
        beside.run(spared)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_work_that_fails_is_noted_by_its_place(
    registry: Registry, beside: Beside, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(RegistryError, match="what is done beside the service has failed"):
        beside.run(fail)
    assert "ValueError at " in caplog.text
    assert "anna" not in caplog.text


def test_work_ends_with_the_service(registry: Registry, beside: Beside, tmp_path: Path) -> None:
    running = tmp_path / "running"
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(beside.run(wait, str(running))))
    thread.start()
    end = time.monotonic() + 30
    while not running.exists() and time.monotonic() < end:
        time.sleep(0.02)
    beside.end()
    thread.join(30)
    assert told == [False]
    assert not beside.run(wait, str(running))


def test_a_snapshot_that_is_built_beside_is_the_one_that_is_built_here(
    registry: Registry, beside: Beside, tmp_path: Path
) -> None:
    here = Publisher(registry, tmp_path / "here").served()
    publisher = Publisher(registry, tmp_path / "beside", 60, beside=beside)
    there = publisher.served()
    held = [Snapshot.open(one.folder) for one in (here, there)]
    assert held[0].size == held[1].size == registry.size
    assert set(here.digests) == set(there.digests)
    assert publisher.served() is there
    prefix = Identifier.url("https://anna.example/1").digest.hex()[:5]
    assert any(line.endswith(":1") for line in there.ranges.look_up("items", prefix))
    publisher.close()
    assert not there.folder.exists()
    with pytest.raises(Busy, match="the service ends"):
        publisher.served()


async def body() -> AsyncIterator[bytes]:
    yield b"url\nhttps://museum.example/1.jpg\nhttps://museum.example/2.jpg\n"


async def worked_off(registry: Registry, lists: UploadDesk) -> PartnersUpload:
    """What became of a list that was taken before anybody worked on it."""
    partner, _ = registry.partners.make("Museum", Purpose.UPLOAD)
    identity = await lists.take(partner, "csv", "", body(), takes_back=False)
    lists.start()
    with anyio.fail_after(30):
        while registry.uploads.unfinished():
            await anyio.sleep(0.02)
    await anyio.to_thread.run_sync(lists.close)
    found = registry.uploads.find(identity)
    assert found is not None
    return found


@pytest.mark.anyio
async def test_a_list_is_worked_off_beside(
    registry: Registry, beside: Beside, tmp_path: Path
) -> None:
    found = await worked_off(registry, UploadDesk(registry, tmp_path, Limits(), beside))
    assert (found.progress.state, found.progress.changed) == ("done", 2)
    assert list(tmp_path.iterdir()) == []


class Stopping(Beside):
    """Is stopped once, as with the service, and goes on at the next start."""

    stopped = False

    def run(self, main: Callable[[], None], *arguments: str) -> bool:
        if not self.stopped:
            self.stopped = True
            main = early
        return super().run(main, *arguments)


@pytest.mark.anyio
async def test_a_list_outlives_that_the_service_is_stopped(
    registry: Registry, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optout.api.service.uploads._LOOK_SECONDS", 0.01)
    beside = Stopping(str(database))
    found = await worked_off(registry, UploadDesk(registry, tmp_path, Limits(), beside))
    assert beside.stopped
    assert (found.progress.state, found.progress.changed) == ("done", 2)


class Breaking(Beside):
    """Ends everything as the system does when memory runs out."""

    def run(self, _main: Callable[[], None], *_arguments: str) -> bool:
        return super().run(crash)


@pytest.mark.anyio
async def test_a_list_that_breaks_its_process_is_given_up(
    registry: Registry, database: Path, tmp_path: Path
) -> None:
    lists = UploadDesk(registry, tmp_path, Limits(), Breaking(str(database)))
    found = await worked_off(registry, lists)
    assert (found.progress.state, found.progress.fault) == (
        "failed",
        "something unforeseen went wrong; it has been noted",
    )
    assert list(tmp_path.iterdir()) == []
