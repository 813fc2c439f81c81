"""What a registry gives others to match: hashes in force, and tombstones for what is not."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.errors import LogFault
from optout.registry.lists import FORMS, Holdings, ListRecord, Standing
from optout.registry.log import Opening
from optout.registry.registry import Claim
from optout.registry.snapshot import read_leaves, read_openings


def listed(registry: Registry) -> list[ListRecord]:
    return list(Holdings(registry.leaves()).records(registry.kept_openings))


def of(identifier: Identifier) -> str:
    return identifier.hashes["phash256"]["original"].hex()


@pytest.fixture
def pictures(registry: Registry, mixed: list[Identifier]) -> dict[int, Identifier]:
    """The pictures of a registry that holds other things too, by entry."""
    registry.add([Claim(one) for one in mixed])
    return {
        opening.index: identifier
        for opening in registry.openings()
        if (identifier := opening.identifier()).kind == "image"
    }


def test_every_picture_in_force_is_listed_under_its_number(
    registry: Registry, pictures: dict[int, Identifier]
) -> None:
    day = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = listed(registry)
    assert [(int(one.id), one.value) for one in found] == [(n, of(i)) for n, i in pictures.items()]
    assert {one.signal for one in found} == {"phash256"}
    assert {one.standing for one in found} == {Standing.ACTIVE}
    assert all(0 <= day.timestamp() - one.changed <= 86400 for one in found)


def test_a_picture_that_was_seen_is_listed_by_each_of_its_hashes(registry: Registry) -> None:
    matter = {
        "v": 1,
        "kind": "image",
        "radius": 64,
        "hashes": {
            "phash256": {"original": "80" * 32, "square": "81" * 32},
            "phash64": {"original": "80" * 8},
            "pdq256": {"original": "0f" * 32},
        },
    }
    plain = Identifier._picture({"phash256": {"original": bytes([0x80] * 32)}}, 64)
    digest = {"digest": plain.digest.hex(), "probe": f"{plain.probe:016x}"}
    registry.add([Claim(Identifier.from_matter(matter | digest))])
    assert [(one.signal, one.value) for one in listed(registry)] == [
        ("phash256", "80" * 32),
        ("phash64", "80" * 8),
        ("pdq", "0f" * 32),
    ]


def test_a_picture_that_is_known_by_its_pdq_is_listed_by_it(registry: Registry) -> None:
    digits = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
    registry.add([Claim(Identifier.image_pdq256(digits), (use,)) for use in ("train-ai", "search")])
    assert [(one.signal, one.value) for one in listed(registry)] == [("pdq", digits)] * 2
    registry.withdraw([0])
    assert [(one.signal, one.value, one.standing) for one in listed(registry)] == [
        ("pdq", "", "withdrawn"),
        ("pdq", digits, "active"),
    ]
    registry.withdraw([1])
    assert {(one.value, one.standing) for one in listed(registry)} == {(digits, "withdrawn")}


def test_what_was_withdrawn_is_taken_back_by_hash_and_what_was_erased_by_number(
    registry: Registry, pictures: dict[int, Identifier]
) -> None:
    gone, erased, back, both, *_ = pictures
    registry.withdraw([gone, back, both])
    registry.erase([erased, both])
    registry.restore([back])
    found = {int(one.id): one for one in listed(registry)}
    assert (found[gone].standing, found[gone].value) == ("withdrawn", of(pictures[gone]))
    for number in (erased, both):
        assert (found[number].standing, found[number].value) == ("deleted", "")
    assert found[back].standing is Standing.ACTIVE
    assert len(found) == len(pictures)


def test_a_hash_that_somebody_else_asks_for_is_not_taken_back(registry: Registry) -> None:
    picture = Identifier.image_phash256(
        "9445a95e4099ac9abbedc6be43530c97fc8316666de8e14cb0ca326d3467ade1"
    )
    registry.add([Claim(picture), Claim(picture, usage=("search",))])
    registry.withdraw([0])
    one, other = listed(registry)
    assert (one.id, one.standing, one.value) == ("0", "withdrawn", "")
    assert (other.id, other.standing, other.value) == ("1", "active", of(picture))


def test_other_kinds_are_counted(registry: Registry, mixed: list[Identifier]) -> None:
    registry.add([Claim(one) for one in mixed])
    assert Holdings(registry.leaves()).left_out == {"url": 40, "site": 20, "file": 20}
    urls = [o.index for o in registry.openings() if o.identifier().kind == "url"]
    registry.withdraw(urls[:5])
    registry.erase(urls[3:8])
    registry.restore(urls[:2])
    assert Holdings(registry.leaves()).left_out == {"url": 34, "site": 20, "file": 20}


def test_an_opening_that_is_missing_is_told_of(
    registry: Registry, pictures: dict[int, Identifier]
) -> None:
    def lacking() -> Iterator[Opening]:
        return (one for one in registry.openings() if one.index != next(iter(pictures)))

    with pytest.raises(LogFault, match=r"is in force, and there is no opening of it"):
        list(Holdings(registry.leaves()).records(lacking))


def test_a_snapshot_gives_the_same_but_for_the_hashes_of_what_was_withdrawn(
    registry: Registry, pictures: dict[int, Identifier], tmp_path: Path
) -> None:
    registry.withdraw(list(pictures)[:2])
    snapshot = registry.snapshot(tmp_path / "snapshot")
    found = list(Holdings(read_leaves(snapshot)).records(lambda: read_openings(snapshot)))
    assert found == [
        replace(one, value="") if one.standing.ends else one for one in listed(registry)
    ]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_registry_makes_the_same_bytes(
    form: str, registry: Registry, pictures: dict[int, Identifier]
) -> None:
    one, other = io.BytesIO(), io.BytesIO()
    for stream in (one, other):
        assert FORMS[form].write(stream, listed(registry)) == len(pictures)
    assert one.getvalue() == other.getvalue()
