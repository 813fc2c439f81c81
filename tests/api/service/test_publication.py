"""The snapshot as it is served: current when asked for, gone when something in it was erased."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from optout.api.errors import Busy
from optout.api.service import Limits, Publisher, lulls
from optout.api.service.beside import Beside
from optout.api.service.feed import Feed
from optout.api.service.judging import AddressJudge
from optout.api.service.published import PublishedDesk
from optout.registry import Identifier, Registry, Snapshot
from optout.registry.errors import RegistryError
from optout.registry.registry import Claim

MANIFEST = "snapshot.json"


@pytest.fixture
def database(new_registry: Callable[[], Path]) -> Path:
    return new_registry()


@pytest.fixture
def registry(database: Path) -> Iterator[Registry]:
    with Registry.open(database) as registry:
        register(registry, "anna.example/1", "anna.example/2")
        yield registry


def register(registry: Registry, *urls: str) -> list[int]:
    return [added.index for added in registry.add([Claim(Identifier.url(url)) for url in urls])]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


@pytest.fixture
def publisher(registry: Registry, folder: Path) -> Publisher:
    return Publisher(registry, folder)


def fetch(publisher: Publisher, path: str = MANIFEST) -> bytes | None:
    file = publisher.open(path)
    if file is None:
        return None
    with file.stream as stream:
        data = stream.read()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.digest)
    return data


def test_what_is_published_is_the_registrys_snapshot(
    publisher: Publisher, registry: Registry
) -> None:
    snapshot = Snapshot.open(publisher.current().folder, key=registry.key.verifier)
    snapshot.check_files()
    assert snapshot.counts["entries"] == 2
    assert snapshot.root == registry.root().hex()


def test_every_file_of_the_manifest_is_served_and_no_other(publisher: Publisher) -> None:
    published = publisher.current()
    assert set(published.digests) > {MANIFEST}
    for path in published.digests:
        assert fetch(publisher, path) == (published.folder / path).read_bytes()
    for path in ("", ".", "..", "../optout.db", "/etc/passwd", f"./{MANIFEST}", "segments"):
        assert publisher.open(path) is None


def test_a_snapshot_is_built_once_for_a_log(publisher: Publisher) -> None:
    assert publisher.current() is publisher.current()


def test_a_log_that_grew_is_published_and_the_one_before_it_stays_a_step_longer(
    publisher: Publisher, registry: Registry
) -> None:
    sizes = []
    for number in (3, 4, 5):
        old = publisher.current()
        sizes.append(old.size)
        register(registry, f"anna.example/{number}")
        assert publisher.current().size == registry.size
        own = sorted(set(old.digests.values()) - set(publisher.current().digests.values()))
        assert own
        assert old.folder.is_dir()
    assert len({*sizes, registry.size}) == 4
    kept = [path for path in old.folder.parent.iterdir() if path.is_dir()]
    assert len(kept) == 2


def test_what_held_an_erased_entry_is_gone_at_once(
    publisher: Publisher, registry: Registry, folder: Path
) -> None:
    before = publisher.current()
    entry = register(registry, "anna.example/3")[0]
    held = publisher.current()
    registry.erase([entry])
    publisher.forget_erased()
    assert not before.folder.exists()
    assert not held.folder.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]

    assert fetch(publisher) is not None
    assert publisher.current().size == registry.size


def test_what_another_process_erased_is_not_handed_out(
    publisher: Publisher, registry: Registry
) -> None:
    held = publisher.current()
    registry.erase([0])
    # Nobody has told the publisher.
    gone = next(path for path in held.digests if path.endswith("openings.jsonl"))
    assert fetch(publisher, gone) is None
    assert fetch(publisher) is not None
    assert not held.folder.exists()


def test_what_is_erased_while_a_snapshot_is_built_is_not_published(
    publisher: Publisher, registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = registry.snapshot_once

    def overtaken(folder: Path) -> Snapshot | None:
        built = build(folder)
        if registry.size == 2:
            registry.erase([0])
        return built

    monkeypatch.setattr(registry, "snapshot_once", overtaken)
    published = publisher.current()
    assert published.size == registry.size == 3
    assert list(published.folder.parent.iterdir()) == [published.folder]


def test_a_file_that_is_open_can_be_read_to_its_end(
    publisher: Publisher, registry: Registry
) -> None:
    file = publisher.open(MANIFEST)
    assert file is not None
    registry.erase([0])
    publisher.forget_erased()
    with file.stream as stream:
        assert hashlib.sha256(stream.read()).hexdigest() == file.digest


def test_a_withdrawal_takes_nothing_down(publisher: Publisher, registry: Registry) -> None:
    held = publisher.current()
    registry.withdraw([0])
    publisher.forget_erased()
    assert held.folder.is_dir()
    assert publisher.current().size == registry.size


def test_leftovers_of_an_earlier_process_are_removed_and_nothing_else(
    registry: Registry, folder: Path, database: Path
) -> None:
    (folder / "2-0123abcd").mkdir(parents=True)
    program = (
        "import os, sys; from pathlib import Path; from optout.api.service import Publisher; "
        "from optout.registry import Registry; publisher = "
        "Publisher(Registry.open(sys.argv[1]), Path(sys.argv[2])); publisher.current(); "
        "os._exit(9)"
    )
    command = [sys.executable, "-c", program, str(database), str(folder)]
    assert subprocess.run(command, check=False).returncode == 9
    assert len(list(folder.rglob(MANIFEST))) == 1
    (folder / "notes.txt").write_text("mine")
    Publisher(registry, folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_nothing_published_outlives_the_publisher(publisher: Publisher, folder: Path) -> None:
    publisher.current()
    publisher.close()
    assert not folder.exists()


def test_two_services_of_one_registry_leave_each_other_alone(
    publisher: Publisher, registry: Registry, folder: Path
) -> None:
    own = publisher.current()
    other = Publisher(registry, folder)
    assert other.current().folder.parent != own.folder.parent
    other.close()
    assert fetch(publisher) is not None
    assert publisher.current() is own


def test_what_somebody_has_removed_is_built_again(publisher: Publisher, folder: Path) -> None:
    publisher.current()
    shutil.rmtree(folder)
    assert publisher.open("audit/leaves.jsonl") is None
    assert fetch(publisher) is not None
    assert fetch(publisher, "audit/leaves.jsonl") is not None


def test_a_snapshot_is_served_as_it_is_for_a_while(registry: Registry, folder: Path) -> None:
    publisher = Publisher(registry, folder, seconds=3600)
    held = publisher.served()
    register(registry, "anna.example/3")
    publisher.renew()
    assert publisher.served() is held
    registry.erase([0])
    publisher.forget_erased()
    assert publisher.newest() is None
    assert publisher.served().size == registry.size


def test_a_snapshot_is_renewed_when_it_is_time(registry: Registry, folder: Path) -> None:
    publisher = Publisher(registry, folder, seconds=1e-9)
    held = publisher.served()
    register(registry, "anna.example/3")
    assert publisher.served() is held
    publisher.renew()
    assert publisher.served().size == registry.size > held.size


def test_what_is_published_is_known_while_something_is_being_taken_down(
    registry: Registry, folder: Path
) -> None:
    publisher = Publisher(registry, folder, seconds=3600)
    held, found = publisher.served(), []
    with publisher._state:
        asking = threading.Thread(target=lambda: found.append(publisher.newest()), daemon=True)
        asking.start()
        asking.join(5)
        assert found == [held]


def test_what_was_made_of_a_snapshot_goes_with_it_whoever_notices(
    registry: Registry, folder: Path
) -> None:
    dropped: list[str] = []
    made = (lambda: dropped.append("judge"), lambda: dropped.append("feed"))
    publisher = Publisher(registry, folder, seconds=3600, when_dropped=made)
    noticing = (
        publisher.forget_erased,
        lambda: fetch(publisher, "audit/leaves.jsonl"),
        publisher.current,
    )
    for number, notice in enumerate(noticing):
        publisher.current()
        register(registry, f"anna.example/{number + 3}")
        notice()
        assert dropped == ["judge", "feed"] * number
        registry.erase([number])
        notice()
        assert dropped == ["judge", "feed"] * (number + 1)


def test_nothing_is_kept_of_a_snapshot_that_is_gone(publisher: Publisher) -> None:
    published, judge, feed = publisher.current(), AddressJudge(), Feed()
    asked = ["https://anna.example/1", "https://anna.example/9"]
    for is_there in (True, False):
        assert published.is_there is is_there
        assert judge.opted_out(published, asked) == [True, False]
        assert feed.page(published, 0, "", 10).records == []
        assert (judge._filter is not None) is is_there
        assert (feed._held is not None) is is_there
        judge.forget()
        feed.forget()
        (published.folder / MANIFEST).unlink(missing_ok=True)


def test_where_nothing_is_published_it_is_time(registry: Registry, folder: Path) -> None:
    publisher = Publisher(registry, folder, seconds=3600)
    publisher.renew()
    assert publisher.newest() is not None
    registry.erase([0])
    publisher.forget_erased()
    publisher.renew()
    newest = publisher.newest()
    assert newest is not None
    assert newest.size == registry.size


def test_what_is_being_built_at_the_end_goes_too(
    registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, begun, let = registry.snapshot_once, threading.Event(), threading.Event()

    def slow(folder: Path) -> Snapshot | None:
        begun.set()
        assert let.wait(10)
        return build(folder)

    monkeypatch.setattr(registry, "snapshot_once", slow)
    publisher = Publisher(registry, folder, seconds=3600)
    renewing = threading.Thread(target=publisher.renew)
    renewing.start()
    assert begun.wait(10)
    closing = threading.Thread(target=publisher.close)
    closing.start()
    let.set()
    for thread in (renewing, closing):
        thread.join(10)
    assert not folder.exists()


def test_an_erasure_is_noticed_although_reading_the_log_failed_behind_it(
    registry: Registry, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    published, leaves = publisher.current(), registry.leaves
    registry.erase([0])

    def failing(start: int = 0) -> Iterator[bytes]:
        yield from leaves(start)
        raise RegistryError("the database cannot be reached")

    with monkeypatch.context() as patched:
        patched.setattr(registry, "leaves", failing)
        with pytest.raises(RegistryError, match="cannot be reached"):
            publisher.forget_erased()
    publisher.forget_erased()
    assert not published.is_there
    assert publisher.newest() is None


OPENINGS = "audit/openings.jsonl"


def opened(folder: Path) -> set[int]:
    """The entries of which a folder tells what they cover."""
    return {json.loads(line)["index"] for line in (folder / OPENINGS).read_text().splitlines()}


class Eraser(threading.Thread):
    """Registers and erases until it is told to stop; waits where it has to, as the desk does."""

    def __init__(self, registry: Registry, publisher: Publisher) -> None:
        super().__init__(daemon=True)
        self._registry, self._publisher = registry, publisher
        self.erased: list[int] = []
        self.ending = threading.Event()

    def run(self) -> None:
        (entry,) = register(self._registry, "anna.example/erased/0")
        while not self.ending.is_set():
            # The next one is there before, so that there is always one that a build may hold.
            (following,) = register(self._registry, f"anna.example/erased/{entry + 1}")
            erase = partial(self._registry.erase, [entry])
            while not self._publisher.erase(erase, at_once=False):
                if self.ending.wait(0.005):
                    return
            self.erased.append(entry)
            entry = following


def test_whatever_is_erased_snapshots_are_published_that_hold_nothing_of_it(
    registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lulls, "OPEN_SECONDS", 0.05)
    publisher, build = Publisher(registry, folder, seconds=3600), registry.snapshot_once
    eraser, builds, held = Eraser(registry, publisher), [0], []

    def overtaken(folder: Path) -> Snapshot | None:
        """Takes until something else is erased, or erasures have to wait for it."""
        builds[-1] += 1
        built = build(folder)
        while built is not None and not publisher.lull.is_on:
            if registry._store.erased_since(built.size):
                return None
            time.sleep(0.005)
        return built

    def look(_: float) -> None:
        """Called when something was published, while erasures still wait."""
        newest = publisher.newest()
        assert newest is not None
        held.append(opened(newest.folder) & set(eraser.erased))

    def publish() -> None:
        while len(builds) < 3:
            published = publisher.current()
            builds.append(0)
            while published.is_there:
                time.sleep(0.005)

    monkeypatch.setattr(publisher.lull, "prolong", look)
    monkeypatch.setattr(registry, "snapshot_once", overtaken)
    publishing = threading.Thread(target=publish, daemon=True)
    eraser.start()
    publishing.start()
    publishing.join(20)
    eraser.ending.set()
    eraser.join(10)
    assert held == [set(), set()]
    assert builds[:2] == [4, 2], "each but the last was overtaken"
    assert len(eraser.erased) >= 4
    publisher.close()


def test_a_log_that_grows_all_the_time_is_published(
    publisher: Publisher, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, builds = registry.snapshot_once, []

    def growing(folder: Path) -> Snapshot | None:
        built = build(folder)
        builds.append(register(registry, f"anna.example/grown/{registry.size}"))
        registry.withdraw([0] if len(builds) == 1 else [])
        return built

    monkeypatch.setattr(registry, "snapshot_once", growing)
    assert publisher.current().size == 2
    assert publisher.current().size == 4
    assert len(builds) == 2


def half_built(folder: Path) -> Snapshot | None:
    folder.mkdir()
    (folder / "openings.jsonl").write_text("anna")
    raise RegistryError("what is done beside the service has failed")


def test_a_build_that_fails_leaves_nothing_behind(
    publisher: Publisher, registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = publisher.current()
    register(registry, "anna.example/3")
    with monkeypatch.context() as patched:
        patched.setattr(registry, "snapshot_once", half_built)
        with pytest.raises(RegistryError, match="has failed"):
            publisher.current()
    assert list(published.folder.parent.iterdir()) == [published.folder]


def test_an_erasure_takes_down_whatever_lies_there_but_what_is_being_built(
    registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, build = Publisher(registry, folder, seconds=3600), registry.snapshot_once
    published = publisher.current()
    left, seen = published.folder.with_name("2-0123abcd"), []
    left.mkdir()
    register(registry, "anna.example/3")

    def overtaken(folder: Path) -> Snapshot | None:
        built = build(folder)
        if not seen:
            registry.erase([0])
            publisher.forget_erased()
        seen.append((folder, list(folder.parent.iterdir())))
        return built

    monkeypatch.setattr(registry, "snapshot_once", overtaken)
    newest = publisher.current()
    (tainted, others), (_, later) = seen
    assert others == [tainted]
    assert later == [newest.folder]
    assert list(newest.folder.parent.iterdir()) == [newest.folder]


def test_what_is_erased_is_gone_although_the_log_cannot_be_read(
    publisher: Publisher, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = publisher.current()

    def away(start: int = 0) -> Iterator[bytes]:
        raise RegistryError("the database cannot be reached")

    def erase() -> None:
        registry.erase([0])
        monkeypatch.setattr(registry, "leaves", away)

    assert publisher.erase(erase, at_once=False)
    assert not published.folder.exists()
    assert publisher.newest() is None


def test_a_build_that_fails_is_not_tried_again_at_once(
    registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, pauses = Publisher(registry, folder, seconds=60), []
    with monkeypatch.context() as patched:
        patched.setattr(registry, "snapshot_once", half_built)
        for _ in range(6):
            with pytest.raises(RegistryError, match="has failed"):
                publisher.renew()
            pauses.append(publisher._paused_until - time.monotonic())
            publisher.renew()
            with pytest.raises(Busy, match="no snapshot can be built at present"):
                publisher.served()
            publisher._paused_until = time.monotonic()  # as if it were over
    assert pauses == pytest.approx([5, 10, 20, 40, 60, 60], abs=0.5)
    publisher.renew()
    assert publisher.newest() is not None
    assert publisher._pause == 0


@pytest.mark.parametrize("patience", [0.3, 60.0])
def test_an_erasure_waits_for_the_end_of_a_lull_and_no_longer_than_it_may(
    registry: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    monkeypatch.setattr("optout.api.service.published.HELD_SECONDS", patience)
    desk, done = PublishedDesk(registry, folder, Limits()), []

    async def main() -> None:
        lull = desk._publisher.lull
        erase = partial(registry.erase, [0])
        begun = time.monotonic()
        with lull.holding():
            erasing = asyncio.create_task(desk.erase(erase))
            await asyncio.sleep(0.25)
            assert registry.size == 2
            if patience < 1:
                await erasing
                done.append(time.monotonic() - begun)
        await erasing

    asyncio.run(main())
    assert registry.size == 3
    assert not done or patience <= done[0] < patience + 2
    desk.close()


def test_nothing_is_built_any_more_when_the_service_ends(
    registry: Registry, folder: Path, database: Path
) -> None:
    beside = Beside(str(database))
    publisher = Publisher(registry, folder, seconds=60, beside=beside)
    beside.end()
    with pytest.raises(Busy, match="the service ends"):
        publisher.served()
    publisher.close()
    assert not folder.exists()
