"""Partners send whole lists, which are worked off in their turn."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from optout.api.errors import Busy
from optout.api.http.app import build
from optout.api.service import Limits, UploadDesk
from optout.api.settings import Settings
from optout.registry import Registry
from optout.registry.errors import RegistryError, UsageError
from optout.registry.partners import Partner, PartnersUpload, Progress, Purpose

CSV = "text/csv"
PHASH = b"9445a95e4099ac9abbedc6be43530c97fc8316666de8e14cb0ca326d3467ade1"
LIST = b"url\nhttps://anna.example/1.jpg\nhttps://www.museum.example/2\nno address\n"


class Sending:
    """A service, and who sends lists to it."""

    def __init__(self, client: TestClient, registry: Registry, folder: Path) -> None:
        self.client, self.registry = client, registry
        self.folder = folder / registry.key.verifier.id.hex()
        self.partner, key = registry.partners.make(
            "Museum", Purpose.UPLOAD, domain="museum.example"
        )
        self.headers = {"Authorization": f"Bearer {key.text}"}

    def send(self, data: bytes, form: str = CSV, query: str = "", **headers: str) -> Any:
        sent = {**self.headers, "Content-Type": form, **headers}
        return self.client.post(f"/v1/uploads{query}", content=data, headers=sent)

    def done(self, data: bytes, form: str = CSV, query: str = "") -> dict[str, Any]:
        answer = self.send(data, form, query)
        assert answer.status_code == 202, answer.text
        return self.wait(answer.headers["location"])

    def wait(self, address: str) -> dict[str, Any]:
        for _ in range(500):
            told: dict[str, Any] = self.client.get(address, headers=self.headers).json()
            if told["state"] in {"done", "failed"}:
                return told
            time.sleep(0.02)
        raise AssertionError(told)


@pytest.fixture
def sending(new_registry: Callable[[], Path]) -> Iterator[Sending]:
    with served(new_registry()) as one:
        yield one


@contextmanager
def served(database: Path, at: Path | None = None, **settings: Any) -> Iterator[Sending]:
    state = at or database.parent / "state"
    held = Settings(registry=str(database), state=state, **settings)
    with Registry.open(held.registry) as registry:
        app = build(held.registry, None, None, held.limits, held)
        with TestClient(app, base_url="http://optout.example") as client:
            yield Sending(client, registry, held.uploads)


def grades(registry: Registry) -> list[str]:
    return sorted(str(one.grade) for one in registry.state().entries.values())


def test_a_list_is_registered_and_repeating_it_adds_nothing(sending: Sending) -> None:
    told = sending.done(LIST)
    assert {name: told[name] for name in ("state", "rows", "changed", "known", "refused")} == {
        "state": "done",
        "rows": 3,
        "changed": 2,
        "known": 0,
        "refused": 1,
    }
    assert [one["place"] for one in told["refusals"]] == ["line 4"]
    assert "no address" not in told["refusals"][0]["reason"]
    assert grades(sending.registry) == ["domain", "self"]
    again = sending.done(LIST)
    assert (again["changed"], again["known"]) == (0, 2)
    assert list(sending.folder.iterdir()) == []


def test_a_partner_takes_back_its_own_alone(sending: Sending) -> None:
    sending.done(LIST)
    _, key = sending.registry.partners.make("Other", Purpose.UPLOAD)
    mine = dict(sending.headers)
    sending.headers = {"Authorization": f"Bearer {key.text}"}
    sending.done(LIST)
    assert sending.registry.size == 4
    sending.headers = mine
    told = sending.done(LIST, query="?take-back=true")
    assert (told["takes_back"], told["changed"]) == (True, 2)
    assert sending.done(LIST, query="?take-back=true")["known"] == 2
    entries = sending.registry.state().entries.values()
    assert sum(entry.status.in_force for entry in entries) == 2


def test_lists_of_each_form_and_kind_are_read(sending: Sending) -> None:
    lines = b'{"value": "%s", "kind": "image"}\n{"value": "/etc/passwd", "kind": "file"}\n'
    lines += b'{"value": "%s", "kind": "file"}\n{"value": "%s", "kind": "file"}\n'
    lines += b'{"value": "x", "kind": "spell"}\n{"value": 7, "kind": "url"}\n'
    told = sending.done(lines % (PHASH, b"0" * 64, b"0" * 32), "application/jsonl")
    assert (told["changed"], told["refused"]) == (3, 3)
    stream = io.BytesIO()
    pq.write_table(pa.table({"site": ["museum.example", "bea.example"]}), stream)
    form = "application/vnd.apache.parquet"
    assert sending.done(stream.getvalue(), form, "?kind=site")["changed"] == 2
    assert grades(sending.registry) == ["domain", "self", "self", "self", "self"]


def test_what_cannot_be_read_has_failed_and_names_no_path(sending: Sending) -> None:
    told = sending.done(b"nothing", "application/vnd.apache.parquet")
    assert told["state"] == "failed"
    assert told["fault"].startswith("the list cannot be read")
    assert str(sending.folder) not in told["fault"]
    assert list(sending.folder.iterdir()) == []


def test_a_list_that_breaks_us_does_not_keep_others_waiting(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("anna")

    with monkeypatch.context() as patched:
        patched.setattr("optout.api.service.working_off._read", broken)
        assert sending.done(LIST)["fault"].startswith("something unforeseen")
    assert sending.done(LIST)["state"] == "done"


def test_only_who_sent_a_list_sees_how_far_it_is(sending: Sending) -> None:
    address = sending.send(LIST).headers["location"]
    assert sending.client.get(address).status_code == 401
    _, key = sending.registry.partners.make("Other", Purpose.UPLOAD)
    other = {"Authorization": f"Bearer {key.text}"}
    assert sending.client.get(address, headers=other).status_code == 404
    assert sending.client.get("/v1/uploads/none", headers=sending.headers).status_code == 404
    sending.wait(address)


def test_what_is_no_upload_is_refused(sending: Sending) -> None:
    assert sending.send(LIST, "text/html").status_code == 415
    assert sending.send(LIST, query="?kind=spell").status_code == 422
    _, key = sending.registry.partners.make("Other", Purpose.READ)
    assert sending.send(LIST, Authorization=f"Bearer {key.text}").status_code == 403
    assert sending.send(LIST, Authorization="").status_code == 401
    assert not sending.folder.exists()


def test_a_list_has_a_ceiling_and_leaves_nothing_behind(
    new_registry: Callable[[], Path],
) -> None:
    with served(new_registry(), limits={"whole_list": 100}) as sending:
        answer = sending.send(b"url\n" * 100)
        assert answer.status_code == 413
        assert sending.registry.uploads.unfinished() == []
        assert not sending.folder.exists() or list(sending.folder.iterdir()) == []


def test_a_list_is_worked_off_after_a_restart(new_registry: Callable[[], Path]) -> None:
    database = new_registry()
    with Registry.open(database) as registry:
        partner, _ = registry.partners.make("Museum", Purpose.UPLOAD)
        folder = database.parent / "state" / "uploads" / registry.key.verifier.id.hex()
        folder.mkdir(parents=True)
        identity = registry.uploads.new_id()
        (folder / f"{identity}.csv").write_bytes(LIST)
        (folder / "0.csv.part").write_bytes(LIST)
        registry.uploads.start(identity, partner, "", "csv", takes_back=False)
    with served(database) as sending:
        told = sending.wait(f"/v1/uploads/{identity}")
    assert told["changed"] == 2
    assert list(folder.iterdir()) == []


@pytest.fixture
def desk(new_registry: Callable[[], Path]) -> Iterator[tuple[UploadDesk, Partner, Registry, Path]]:
    database = new_registry()
    with Registry.open(database) as registry:
        partner, _ = registry.partners.make("Museum", Purpose.UPLOAD)
        folder = database.parent / "uploads"
        yield UploadDesk(registry, folder, Limits(waiting=1)), partner, registry, folder


async def body() -> Any:
    yield LIST


@pytest.mark.anyio
async def test_lists_are_for_their_owner_and_so_many_wait_and_no_more(desk: Any) -> None:
    lists, partner, registry, folder = desk
    identity = await lists.take(partner, "csv", "", body(), takes_back=False)
    (file,) = folder.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (f"{identity}.csv", 0o600)
    with pytest.raises(Busy, match="too many lists wait"):
        await lists.take(partner, "csv", "", body(), takes_back=False)
    assert registry.uploads.unfinished() == [identity]


@pytest.mark.anyio
async def test_lists_that_arrive_count_as_those_that_wait(desk: Any) -> None:
    lists, partner, registry, folder = desk
    begun, rest = anyio.Event(), anyio.Event()

    async def slow() -> Any:
        yield LIST[:9]
        begun.set()
        await rest.wait()
        yield LIST[9:]

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: lists.take(partner, "csv", "", slow(), takes_back=False))
        await begun.wait()
        with pytest.raises(Busy, match="too many lists wait"):
            await lists.take(partner, "csv", "", body(), takes_back=False)
        assert len(list(folder.iterdir())) == 1
        rest.set()
    assert len(registry.uploads.unfinished()) == 1


@pytest.mark.anyio
async def test_what_broke_off_counts_no_more(desk: Any) -> None:
    async def broken() -> Any:
        yield LIST
        raise ZeroDivisionError

    lists, partner, registry, _ = desk
    with pytest.raises(ZeroDivisionError):
        await lists.take(partner, "csv", "", broken(), takes_back=False)
    assert await lists.take(partner, "csv", "", body(), takes_back=False)
    assert len(registry.uploads.unfinished()) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("left", [999, 1500])
async def test_lists_leave_some_room_to_others(
    desk: Any, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    _, partner, registry, folder = desk
    lists = UploadDesk(registry, folder, Limits(spare=1000))
    taken = []

    def usage(_: Path) -> Any:
        return SimpleNamespace(free=left - sum(taken))

    async def long() -> Any:
        for _ in range(20):
            taken.append(100)
            yield bytes(100)

    monkeypatch.setattr("optout.api.service.uploads._ROOM_BYTES", 150)
    monkeypatch.setattr("optout.api.service.uploads.shutil.disk_usage", usage)
    with pytest.raises(Busy, match="too little room is left to keep lists"):
        await lists.take(partner, "csv", "", long(), takes_back=False)
    assert sum(taken) == (0 if left < 1000 else 600)
    assert list(folder.iterdir()) == []
    assert registry.uploads.unfinished() == []


@pytest.mark.anyio
async def test_where_there_is_no_room_a_list_is_not_taken(desk: Any) -> None:
    lists, partner, registry, folder = desk
    folder.write_bytes(b"")
    with pytest.raises(Busy, match="the list cannot be kept"):
        await lists.take(partner, "csv", "", body(), takes_back=False)
    assert registry.uploads.unfinished() == []


async def finished(registry: Registry, identity: str) -> PartnersUpload:
    for _ in range(1000):
        found = registry.uploads.find(identity)
        assert found is not None
        if found.progress.state in {"done", "failed"}:
            return found
        await anyio.sleep(0.01)
    raise AssertionError(found)


class Failing(UploadDesk):
    """Fails at one list, as often as it is tried."""

    bad = ""
    tried = 0

    def _work_off(self, identity: str) -> None:
        if identity == self.bad:
            self.tried += 1
            raise RegistryError("anna")
        super()._work_off(identity)


@pytest.fixture
def failing(desk: Any) -> tuple[Failing, Partner, Registry, Path]:
    _, partner, registry, folder = desk
    return Failing(registry, folder, Limits(waiting=3)), partner, registry, folder


@pytest.mark.anyio
@pytest.mark.usefixtures("_hurried")
async def test_a_list_that_fails_keeps_no_other_waiting_and_is_tried_less_and_less_often(
    failing: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lists, partner, registry, folder = failing
    monkeypatch.setattr("optout.api.service.uploads._RETRY_SECONDS", 0.05)
    lists.bad = await lists.take(partner, "csv", "", body(), takes_back=False)
    good = await lists.take(partner, "csv", "", body(), takes_back=False)
    lists.start()
    assert (await finished(registry, good)).progress.changed == 2
    await anyio.sleep(0.5)
    # After 0.05, 0.15 and 0.35 seconds; every 0.05 seconds would be ten times.
    assert 2 <= lists.tried <= 5
    assert registry.uploads.unfinished() == [lists.bad]
    assert [path.stem for path in folder.iterdir()] == [lists.bad]
    assert "anna" not in caplog.text
    lists.bad = ""
    lists.close()


@pytest.mark.anyio
@pytest.mark.usefixtures("_hurried")
async def test_a_list_that_fails_for_hours_is_given_up(
    failing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists, partner, registry, folder = failing
    monkeypatch.setattr("optout.api.service.uploads._GIVEN_UP_SECONDS", 0.2)
    lists.bad = await lists.take(partner, "csv", "", body(), takes_back=False)
    lists.start()
    found = await finished(registry, lists.bad)
    lists.close()
    assert (found.progress.state, found.progress.fault[:20]) == ("failed", "something unforeseen")
    assert lists.tried > 5
    assert list(folder.iterdir()) == []


@pytest.mark.anyio
@pytest.mark.usefixtures("_hurried")
async def test_no_list_is_to_blame_while_nothing_can_be_written(
    failing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists, partner, registry, folder = failing
    for name, value in (("SECONDS", 0.0), ("TRIES", 1)):
        monkeypatch.setattr(f"optout.api.service.uploads._GIVEN_UP_{name}", value)
    lists.bad = await lists.take(partner, "csv", "", body(), takes_back=False)

    def away(*_: object) -> None:
        raise RegistryError("it is away")

    with monkeypatch.context() as patched:
        patched.setattr(registry.uploads, "keep", away)
        lists.start()
        with anyio.fail_after(5):
            while lists.tried < 5:
                await anyio.sleep(0.01)
        assert registry.uploads.unfinished() == [lists.bad]
        assert len(list(folder.iterdir())) == 1
        good, lists.bad = lists.bad, ""
    assert (await finished(registry, good)).progress.changed == 2
    lists.close()


async def gone(path: Path) -> None:
    with anyio.fail_after(10):
        while path.exists():
            await anyio.sleep(0.01)


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optout.api.service.uploads._RETRY_SECONDS", 0.01)
    monkeypatch.setattr("optout.api.service.uploads._LOOK_SECONDS", 0.01)


@pytest.mark.anyio
@pytest.mark.usefixtures("_hurried")
async def test_a_registry_that_is_away_is_asked_again(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists, partner, registry, _ = desk
    identity = await lists.take(partner, "csv", "", body(), takes_back=False)
    asked, seen = [], registry.follow

    def follow(*arguments: Any) -> Any:
        asked.append(1)
        if len(asked) == 1:
            raise RegistryError("it is away")
        return seen(*arguments)

    monkeypatch.setattr(registry, "follow", follow)
    lists.start()
    found = await finished(registry, identity)
    lists.close()
    assert found.progress.changed == 2


@pytest.mark.anyio
@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize("fault", [OSError("anna"), UsageError("anna", "anna")])
@pytest.mark.parametrize("place", ["unfinished", "find"])
async def test_whatever_goes_wrong_is_noted_by_its_place_and_tried_again(
    desk: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    place: str,
) -> None:
    lists, partner, registry, _ = desk
    identity = await lists.take(partner, "csv", "", body(), takes_back=False)
    asked, seen = [], getattr(registry.uploads, place)

    def failing(*arguments: Any) -> Any:
        if threading.current_thread().name == "uploads" and not asked:
            asked.append(1)
            raise fault
        return seen(*arguments)

    monkeypatch.setattr(registry.uploads, place, failing)
    lists.start()
    found = await finished(registry, identity)
    lists.close()
    assert asked
    assert found.progress.changed == 2
    assert f"{type(fault).__name__} at " in caplog.text
    assert "anna" not in caplog.text


@pytest.mark.anyio
async def test_what_another_process_receives_is_left_alone(desk: Any) -> None:
    lists, partner, registry, folder = desk
    other = UploadDesk(registry, folder, Limits())

    async def slow() -> Any:
        yield LIST[:9]
        leftover = folder / "0.csv"
        leftover.write_bytes(LIST)
        other.start()
        await gone(leftover)
        yield LIST[9:]

    identity = await lists.take(partner, "csv", "", slow(), takes_back=False)
    assert (folder / f"{identity}.csv").read_bytes() == LIST
    other.close()


@pytest.mark.anyio
@pytest.mark.usefixtures("_hurried")
async def test_of_two_processes_with_one_folder_one_works_and_the_other_takes_over(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists, partner, registry, folder = desk
    other, by = UploadDesk(registry, folder, Limits()), []
    for one in (lists, other):
        seen = one._work_off
        monkeypatch.setattr(
            one, "_work_off", lambda identity, one=one, seen=seen: (by.append(one), seen(identity))
        )
    folder.mkdir()
    leftover = folder / "0.csv"
    leftover.write_bytes(LIST)
    other.start()
    await gone(leftover)
    lists.start()
    for _ in range(3):
        identity = await lists.take(partner, "csv", "", body(), takes_back=False)
        assert (await finished(registry, identity)).progress.state == "done"
    assert by == [other] * 3
    other.close()
    identity = await other.take(partner, "csv", "", body(), takes_back=False)
    assert (await finished(registry, identity)).progress.state == "done"
    assert by[3:] == [lists]
    lists.close()


@pytest.mark.anyio
@pytest.mark.usefixtures("_hurried")
async def test_a_list_that_lies_elsewhere_is_left_to_whoever_has_it(desk: Any) -> None:
    lists, partner, registry, folder = desk
    elsewhere = UploadDesk(registry, folder.with_name("elsewhere"), Limits(waiting=1))
    theirs = await lists.take(partner, "csv", "", body(), takes_back=False)
    elsewhere.start()
    ours = await elsewhere.take(partner, "csv", "", body(), takes_back=False)
    assert (await finished(registry, ours)).progress.changed == 2
    elsewhere.close()
    assert registry.uploads.find(theirs).progress.state == "waiting"
    lists.start()
    assert (await finished(registry, theirs)).progress.known == 2
    lists.close()


@pytest.mark.anyio
async def test_nothing_lies_about_that_is_worked_off_or_nobodys(desk: Any) -> None:
    lists, partner, registry, folder = desk
    done = await lists.take(partner, "csv", "", body(), takes_back=False)
    registry.uploads.keep(done, Progress("done"))
    (folder / "0.parquet").write_bytes(LIST)
    (folder / "1.csv.part").write_bytes(LIST)
    waits = await lists.take(partner, "csv", "", body(), takes_back=False)
    lists.start()
    assert (await finished(registry, waits)).progress.changed == 2
    lists.close()
    assert list(folder.iterdir()) == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fault", "told"), [(OSError("full"), Busy), (RegistryError("away"), RegistryError)]
)
async def test_a_list_that_is_not_taken_is_not_kept(
    desk: Any, monkeypatch: pytest.MonkeyPatch, fault: Exception, told: type[Exception]
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise fault

    lists, partner, registry, folder = desk
    monkeypatch.setattr(registry.uploads, "start", failing)
    with pytest.raises(told):
        await lists.take(partner, "csv", "", body(), takes_back=False)
    assert list(folder.iterdir()) == []


SHARED = b"url\nhttps://amazonaws.com/1\nhttps://anna.s3.amazonaws.com/1\n"


@pytest.mark.anyio
@pytest.mark.parametrize(("ended", "expected"), [(False, ["domain", "self"]), (True, ["self"] * 2)])
async def test_a_domain_covers_what_its_proof_would_as_long_as_the_key_holds(
    desk: Any, ended: bool, expected: list[str]
) -> None:
    async def shared() -> Any:
        yield SHARED

    lists, _, registry, _ = desk
    partner, _ = registry.partners.make("Shop", Purpose.UPLOAD, domain="amazonaws.com")
    identity = await lists.take(partner, "csv", "", shared(), takes_back=False)
    if ended:
        registry.partners.end(partner.id)
    lists.start()
    assert (await finished(registry, identity)).progress.changed == 2
    lists.close()
    assert grades(registry) == expected


def test_two_registries_with_one_state_folder_leave_each_other_alone(
    new_registry: Callable[[], Path], tmp_path: Path
) -> None:
    one = new_registry()
    other = tmp_path / "optout.db"
    Registry.create(other).close()
    with served(one) as first, served(other, at=one.parent / "state") as second:
        assert first.folder.parent == second.folder.parent
        assert first.done(LIST)["changed"] == 2
        assert second.done(LIST)["changed"] == 2
