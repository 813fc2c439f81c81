"""The desk: one registry, opened for the service."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from optout.api.service import Desk, Item, Limits, Outside, Published, Upload, read_lines
from optout.api.service.judging import AddressJudge
from optout.registry import Registry
from optout.registry.errors import CaseNotFound, RegistryError
from optout.registry.images import gates

LIMITS = Limits()


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_snapshots_are_built_beside_the_registry_and_go_with_the_service(
    new_registry: Callable[[], Path], form: str, outside: Outside
) -> None:
    database = new_registry()
    desk = Desk.open(form.format(database), None, LIMITS, outside)
    file = asyncio.run(desk.published.open("snapshot.json"))
    assert file is not None
    file.stream.close()
    built = database.with_name("optout.db.published")
    assert built.is_dir()
    desk.close()
    assert not built.exists()


def test_snapshots_are_built_where_they_are_wanted(
    new_registry: Callable[[], Path], tmp_path: Path, outside: Outside
) -> None:
    desk = Desk.open(new_registry(), tmp_path / "elsewhere", LIMITS, outside)
    file = asyncio.run(desk.published.open("snapshot.json"))
    assert file is not None
    file.stream.close()
    assert list((tmp_path / "elsewhere").rglob("snapshot.json"))
    desk.close()


def test_a_registry_that_is_not_there_is_told(tmp_path: Path, outside: Outside) -> None:
    with pytest.raises(RegistryError):
        Desk.open(tmp_path / "none.db", None, LIMITS, outside)


def test_a_case_lives_and_ends(new_registry: Callable[[], Path], outside: Outside) -> None:
    async def life(desk: Desk) -> None:
        lines = read_lines("anna.example/a\nanna.example", LIMITS)
        items = [line.result for line in lines if isinstance(line.result, Item)]
        opened = await desk.open_case(items, ["train-ai"])
        key = (opened.number, opened.secret)
        assert [item.shown for item in (await desk.read_case(*key)).items] == [
            "anna.example/a",
            "anna.example",
        ]
        await desk.withdraw(*key, None)
        assert {str(item.status) for item in (await desk.read_case(*key)).items} == {"withdrawn"}
        await desk.erase(*key, None)
        with pytest.raises(CaseNotFound):
            await desk.read_case(*key)
        assert (await desk.checkpoint()).split("\n")[1] == "6"
        await desk.ping()

    desk = Desk.open(new_registry(), None, LIMITS, outside)
    asyncio.run(life(desk))
    desk.close()


def test_who_sends_many_pictures_does_not_keep_others_waiting(
    new_registry: Callable[[], Path], photograph: Callable[..., bytes], outside: Outside
) -> None:
    async def main(desk: Desk) -> None:
        uploads = [Upload(f"{seed}.jpg", photograph(seed)) for seed in range(1, 9)]
        many = asyncio.create_task(desk.read_pictures(uploads))
        await asyncio.sleep(0)
        (one,) = await desk.read_pictures([Upload("one.jpg", photograph(9))])
        assert isinstance(one, Item)
        assert not many.done()
        assert [item.shown for item in await many] == [upload.name for upload in uploads]

    desk = Desk.open(new_registry(), None, Limits(decoders=1), outside)
    asyncio.run(main(desk))
    desk.close()


@pytest.fixture
def desk(new_registry: Callable[[], Path], outside: Outside) -> Iterator[Desk]:
    desk = Desk.open(new_registry(), None, LIMITS, outside)
    yield desk
    desk.close()


def items(*texts: str) -> list[Item]:
    found = [line.result for line in read_lines("\n".join(texts), LIMITS)]
    return [result for result in found if isinstance(result, Item)]


def failing(*_: object) -> Any:
    raise RegistryError("anna", "anna")


def test_the_gate_of_hashes_is_warmed_beside_everything_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[threading.Thread] = []
    monkeypatch.setattr(gates, "flat_hashes", lambda: drawn.append(threading.current_thread()))
    asyncio.run(desk.warm())
    (drawing,) = drawn
    assert drawing is not threading.current_thread()


def test_what_is_registered_is_told_whatever_goes_wrong_behind_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        counted: list[int] = []
        desk.when_opened += [failing, counted.append]
        opened, checkpoint = await desk.register(items("anna.example/a"), ["train-ai"])
        assert checkpoint.split("\n")[1] == "1"
        assert counted == [1]
        monkeypatch.setattr(Registry, "checkpoint", failing)
        opened, checkpoint = await desk.register(items("anna.example/b"), ["train-ai"])
        assert checkpoint == ""
        assert counted == [1, 1]
        assert await desk.read_case(opened.number, opened.secret) == opened.case

    asyncio.run(main())
    assert caplog.text.count("RegistryError at ") == 3
    assert "anna" not in caplog.text


def test_the_first_look_at_an_entry_keeps_nobody_waiting(
    new_registry: Callable[[], Path], monkeypatch: pytest.MonkeyPatch, outside: Outside
) -> None:
    begun, let = threading.Event(), threading.Event()

    def entry(*_: object) -> None:
        begun.set()
        assert let.wait(10)

    async def main(desk: Desk) -> None:
        asking = asyncio.create_task(desk.entry(0))
        assert await asyncio.to_thread(begun.wait, 10)
        await asyncio.wait_for(desk.ping(), 5)
        let.set()
        assert await asking is None

    monkeypatch.setattr("optout.api.service.history.History.entry", entry)
    desk = Desk.open(new_registry(), None, Limits(writers=1), outside)
    asyncio.run(main(desk))
    desk.close()


def test_who_is_overtaken_by_an_erasure_asks_what_is_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Published] = []
    seen = AddressJudge.opted_out

    async def main() -> None:
        case = await desk.open_case(items("anna.example/a"), ["train-ai"])
        await desk.open_case(items("bea.example/b"), ["train-ai"])

        def overtaken(self: AddressJudge, published: Published, asked: list[str]) -> list[bool]:
            given.append(published)
            if len(given) == 1:
                desk._registry.cases.erase(case.number, case.secret)
                desk.published.forget_erased()
            return seen(self, published, asked)

        monkeypatch.setattr(AddressJudge, "opted_out", overtaken)
        asked = ["https://anna.example/a", "https://bea.example/b"]
        assert await desk.published.opted_out(asked) == [False, True]

    asyncio.run(main())
    assert [published.is_there for published in given] == [False, True]


def test_what_fails_for_another_reason_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AddressJudge, "opted_out", failing)
    with pytest.raises(RegistryError):
        asyncio.run(desk.published.opted_out(["https://anna.example/a"]))
