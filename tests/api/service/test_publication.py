"""The snapshot as it is served: current when asked for, gone when something in it was erased."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from optout.api.service import Publisher
from optout.api.service.feed import Feed
from optout.api.service.judging import AddressJudge
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
    build = registry.snapshot

    def overtaken(folder: Path) -> Snapshot:
        built = build(folder)
        if registry.size == 2:
            registry.erase([0])
        return built

    monkeypatch.setattr(registry, "snapshot", overtaken)
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
    build, begun, let = registry.snapshot, threading.Event(), threading.Event()

    def slow(folder: Path) -> Snapshot:
        begun.set()
        assert let.wait(10)
        return build(folder)

    monkeypatch.setattr(registry, "snapshot", slow)
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
