"""The desk: one registry, opened for the service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from optout.api.service import Desk, Item, Limits, Upload, read_lines
from optout.registry.errors import CaseNotFound, RegistryError

LIMITS = Limits()


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_snapshots_are_built_beside_the_registry_and_go_with_the_service(
    new_registry: Callable[[], Path], form: str
) -> None:
    database = new_registry()
    desk = Desk.open(form.format(database), None, LIMITS)
    file = asyncio.run(desk.file("snapshot.json"))
    assert file is not None
    file.stream.close()
    built = database.with_name("optout.db.published")
    assert built.is_dir()
    desk.close()
    assert not built.exists()


def test_snapshots_are_built_where_they_are_wanted(
    new_registry: Callable[[], Path], tmp_path: Path
) -> None:
    desk = Desk.open(new_registry(), tmp_path / "elsewhere", LIMITS)
    file = asyncio.run(desk.file("snapshot.json"))
    assert file is not None
    file.stream.close()
    assert list((tmp_path / "elsewhere").rglob("snapshot.json"))
    desk.close()


def test_a_registry_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RegistryError):
        Desk.open(tmp_path / "none.db", None, LIMITS)


def test_a_case_lives_and_ends(new_registry: Callable[[], Path]) -> None:
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

    desk = Desk.open(new_registry(), None, LIMITS)
    asyncio.run(life(desk))
    desk.close()


def test_who_sends_many_pictures_does_not_keep_others_waiting(
    new_registry: Callable[[], Path], photograph: Callable[..., bytes]
) -> None:
    async def main(desk: Desk) -> None:
        uploads = [Upload(f"{seed}.jpg", photograph(seed)) for seed in range(1, 9)]
        many = asyncio.create_task(desk.read_pictures(uploads))
        await asyncio.sleep(0)
        (one,) = await desk.read_pictures([Upload("one.jpg", photograph(9))])
        assert isinstance(one, Item)
        assert not many.done()
        assert [item.shown for item in await many] == [upload.name for upload in uploads]

    desk = Desk.open(new_registry(), None, Limits(decoders=1))
    asyncio.run(main(desk))
    desk.close()
