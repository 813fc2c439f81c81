"""Keys are destroyed one by one, for good; every other key stays what it was."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from optout.registry.errors import RegistryError
from optout.registry.store import Vault, vault_file
from optout.registry.store.key_numbers import Keys
from optout.registry.store.shredding import seal, unseal, with_keys
from optout.registry.store.vault import PART_BITS, PARTS, Label, Shredded
from sqlalchemy import Connection, create_engine

LAST = 2**40 - 1


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.create(tmp_path / "optout.vault")


@pytest.fixture
def connection(vault: Vault) -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as plain:
        yield with_keys(plain, Keys(vault, ((100, 2), (200, 0))))
    engine.dispose()


def is_there(vault: Vault, number: int, label: Label = Label.ENTRY) -> bool:
    try:
        return len(vault.key(label, number)) == 32
    except Shredded:
        return False


def test_every_number_has_a_key_of_its_own(vault: Vault) -> None:
    numbers = [*range(50), 2**20, LAST]
    keys = {vault.key(label, number) for label in Label for number in numbers}
    assert len(keys) == 2 * len(numbers)
    again = Vault(vault.path)
    assert {again.key(label, n) for label in Label for n in reversed(numbers)} == keys


def test_a_vault_is_for_its_owner_alone_and_shows_nothing(vault: Vault) -> None:
    assert vault.path.stat().st_mode & 0o777 == 0o600
    assert "seeds=" not in repr(vault._contents)


def test_what_is_shredded_is_gone_and_nothing_else(vault: Vault) -> None:
    chance = random.Random(3)
    before = {number: vault.key(Label.ENTRY, number) for number in range(300)}
    gone: set[int] = set()
    for _ in range(8):
        wanted = chance.sample(range(300), 20)
        vault.shred(Label.ENTRY, wanted)
        gone |= set(wanted)
        for seen in (vault, Vault(vault.path)):
            for number, key in before.items():
                assert is_there(seen, number) == (number not in gone)
                assert number in gone or seen.key(Label.ENTRY, number) == key
    assert is_there(vault, 0, Label.CASE)
    vault.shred(Label.ENTRY, [LAST])
    assert not is_there(vault, LAST)
    assert is_there(vault, LAST - 1)


def test_no_byte_of_a_destroyed_seed_stays_in_the_file(vault: Vault) -> None:
    for number in (5, 9, 5, 4):
        before = dict(vault._contents.seeds)
        vault.shred(Label.ENTRY, [number])
        data = vault.path.read_bytes()
        for place, seed in before.items():
            assert (seed in data) == (place in vault._contents.seeds)


def test_a_backup_holds_what_lives_and_no_more(vault: Vault, tmp_path: Path) -> None:
    vault.shred(Label.ENTRY, range(0, 100, 2))
    copy = tmp_path / "copy.vault"
    copy.write_bytes(vault.live())
    assert copy.stat().st_size < vault.path.stat().st_size
    kept = Vault(copy)
    assert kept.name == vault.name
    assert [is_there(kept, n) for n in range(100)] == [n % 2 == 1 for n in range(100)]
    assert kept.key(Label.ENTRY, 7) == vault.key(Label.ENTRY, 7)


class Crash(BaseException):
    pass


WRITES = 10
"""Of what is done below, by 64 bytes."""


@pytest.mark.parametrize("after", range(WRITES + 1))
def test_a_crash_at_any_write_loses_no_key_and_can_be_made_up_for(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    vault.shred(Label.ENTRY, [1, 70])
    before = {n: vault.key(Label.ENTRY, n) for n in range(80) if n not in (1, 70)}
    write, done = vault_file._write_at, [0]

    def crashing(descriptor: int, data: bytes, offset: int) -> None:
        for at in range(0, len(data), 64):
            if done[0] == after:
                raise Crash
            done[0] += 1
            write(descriptor, data[at : at + 64], offset + at)

    with monkeypatch.context() as patched:
        patched.setattr(vault_file, "_write_at", crashing)
        try:
            vault.shred(Label.ENTRY, [5, 40, 70])
        except Crash:
            assert after < WRITES
        else:
            assert after == WRITES
    again = Vault(vault.path)
    for number, key in before.items():
        assert number in (5, 40) or again.key(Label.ENTRY, number) == key
    again.shred(Label.ENTRY, [5, 40, 70])
    for seen in (again, Vault(vault.path)):
        for number, key in before.items():
            assert is_there(seen, number) == (number not in (5, 40))
            assert number in (5, 40) or seen.key(Label.ENTRY, number) == key
    assert not is_there(again, 70)


def test_another_process_notices_what_was_destroyed(vault: Vault) -> None:
    other = Vault(vault.path)
    other.key(Label.ENTRY, 3)
    vault.shred(Label.ENTRY, [3])
    other.refresh()
    assert not is_there(other, 3)
    other.shred(Label.ENTRY, [4])
    vault.refresh()
    assert not is_there(vault, 4)
    assert not is_there(vault, 3)


def test_a_vault_is_never_overwritten(vault: Vault) -> None:
    before = vault.path.read_bytes()
    with pytest.raises(RegistryError, match="never overwritten"):
        Vault.create(vault.path)
    assert vault.path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: b"", "is not a vault"),
        (lambda _: b"something else".ljust(200), "is not a vault"),
        (lambda data: data[:-1], "is cut short"),
        (lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:], "is damaged"),
    ],
)
def test_a_damaged_vault_is_told_of(vault: Vault, change, said: str) -> None:
    vault.path.write_bytes(change(vault.path.read_bytes()))
    with pytest.raises(RegistryError, match=said) as refused:
        Vault(vault.path)
    assert "older one undoes erasures" in refused.value.advice


def test_a_vault_that_goes_missing_is_told_of(vault: Vault) -> None:
    vault.path.unlink()
    for step in (vault.refresh, lambda: vault.shred(Label.ENTRY, [1])):
        with pytest.raises(RegistryError, match="cannot be used: No such file"):
            step()


def test_what_is_sealed_opens_in_its_own_place_alone(vault: Vault, connection: Connection) -> None:
    box = seal(connection, Label.ENTRY, 3, "opening", b"plain")
    assert b"plain" not in box
    assert unseal(connection, Label.ENTRY, 3, "opening", box) == b"plain"
    assert unseal(connection, Label.ENTRY, 3, "opening", None) is None
    for label, number, purpose, given in [
        (Label.CASE, 3, "opening", box),
        (Label.ENTRY, 4, "opening", box),
        (Label.ENTRY, 3, "item", box),
        (Label.ENTRY, 3, "opening", b""),
        (Label.ENTRY, 3, "opening", box[:-1] + bytes([box[-1] ^ 1])),
    ]:
        with pytest.raises(RegistryError, match=f"the {purpose} of .* is damaged"):
            unseal(connection, label, number, purpose, given)
    vault.shred(Label.ENTRY, [3])
    assert unseal(connection, Label.ENTRY, 3, "opening", box) is None
    with pytest.raises(RegistryError, match="has destroyed the key of entry 3"):
        seal(connection, Label.ENTRY, 3, "opening", b"plain")


def test_the_entries_after_a_recovery_have_keys_in_another_part(
    vault: Vault, connection: Connection
) -> None:
    vault.shred(Label.ENTRY, [99, 100, 200 + (2 << PART_BITS)])
    lost = []
    for entry in (98, 99, 100, 199, 200, 300):
        try:
            seal(connection, Label.ENTRY, entry, "opening", b"plain")
        except RegistryError:
            lost.append(entry)
    assert lost == [99]


def test_a_part_is_whole_while_no_key_of_it_was_destroyed(vault: Vault) -> None:
    assert vault.whole_part() == 0
    for label, number, whole in (
        (Label.CASE, (1 << PART_BITS) + 5, 0),
        (Label.ENTRY, 7, 2),
        (Label.ENTRY, 2 << PART_BITS, 3),
    ):
        vault.shred(label, [number])
        assert vault.whole_part() == Vault(vault.path).whole_part() == whole
    vault.shred(Label.CASE, [part << PART_BITS for part in range(PARTS)])
    with pytest.raises(RegistryError, match="has no part left that is whole"):
        vault.whole_part()
