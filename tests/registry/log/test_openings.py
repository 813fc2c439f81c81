"""Openings: a commitment opens to one matter only."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.errors import LogFault
from optout.registry.identifiers import Grade, Identifier, Kind
from optout.registry.log import SALT_SIZE, Add, Entry, Opening, Revealed, fold, new_salt

SALT = bytes(range(16))
IDENTIFIER = Identifier.url("https://example.org/a")
OPENING = Opening.of(0, IDENTIFIER, SALT)


def entry_for(opening: Opening, kind: Kind = Kind.URL) -> Entry:
    add = Add(kind, opening.commitment(), bytes(32), ("train-ai",), Grade.SELF, "2025-01-31")
    return fold([add.leaf()]).entries[0]


def test_a_commitment_is_the_salted_hash_of_the_matter() -> None:
    digest = IDENTIFIER.digest.hex()
    matter = (
        f'{{"digest":"{digest}","kind":"url","probe":"{IDENTIFIER.probe:016x}","v":1}}'.encode()
    )
    assert OPENING.matter == matter
    expected = hashlib.sha256(b"optout/v1/commitment\0" + SALT + matter).digest()
    assert OPENING.commitment() == expected


@pytest.mark.parametrize(
    "identifier",
    [IDENTIFIER, Identifier.site("example.org"), Identifier.file_sha256("ab" * 32)],
    ids=lambda identifier: str(identifier.kind),
)
def test_an_opening_tells_what_an_entry_covers(identifier: Identifier) -> None:
    opening = Opening.of(0, identifier, SALT)
    assert opening.identifier() == identifier
    assert opening.check(entry_for(opening, identifier.kind)) == identifier


def test_two_entries_of_one_thing_do_not_look_alike() -> None:
    salts = {new_salt() for _ in range(10)}
    assert len(salts) == 10
    assert {len(salt) for salt in salts} == {SALT_SIZE}
    assert len({Opening.of(0, IDENTIFIER, salt).commitment() for salt in salts}) == 10


@given(st.data())
def test_any_changed_byte_of_salt_or_matter_is_noticed(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["salt", "matter"]))
    changed = bytearray(getattr(OPENING, name))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    other = dataclasses.replace(OPENING, **{name: bytes(changed)})
    with pytest.raises(LogFault, match="does not open entry 0"):
        other.check(entry_for(OPENING))


def test_an_opening_opens_its_own_entry_only() -> None:
    with pytest.raises(LogFault, match="does not open entry 0"):
        dataclasses.replace(OPENING, index=1).check(entry_for(OPENING))


def test_the_log_and_the_matter_name_the_same_kind() -> None:
    with pytest.raises(LogFault, match="covers a url, and the log says site"):
        OPENING.check(entry_for(OPENING, Kind.SITE))


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_salt_has_sixteen_bytes(size: int) -> None:
    with pytest.raises(LogFault, match=f"salt of entry 0 has {size} bytes"):
        Opening(0, bytes(size), OPENING.matter)


@pytest.mark.parametrize(
    "matter",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"null",
        b"{}",
        OPENING.matter + b"\n",
        OPENING.matter.replace(b'"v":1', b'"v": 1'),
        OPENING.matter.replace(b'"v":1', b'"v":1.0'),
        OPENING.matter.replace(b'"v":1', b'"v":2'),
        OPENING.matter.replace(b'"v":1', b'"v":1,"x":1'),
        OPENING.matter.replace(b'"kind":"url",', b""),
    ],
)
def test_a_matter_in_another_form_is_a_fault_even_if_it_was_committed_to(matter: bytes) -> None:
    opening = Opening(0, SALT, matter)
    with pytest.raises(LogFault, match="matter"):
        opening.check(entry_for(opening))


def test_neither_salt_matter_nor_token_stands_in_what_is_shown_of_them() -> None:
    opening = Opening.of(7, Identifier.url("https://anna.example/"), b"sixteen salt byt")
    shown = repr([opening, Revealed(b"sixteen token by")])
    assert "index=7" in shown
    for secret in ("salt", "token by", opening.identifier().digest.hex(), "matter"):
        assert secret not in shown
