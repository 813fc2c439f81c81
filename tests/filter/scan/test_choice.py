"""Which kernels a scan uses: the compiled ones where it can, and who is told where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from optout.filter.scan import KERNELS, are_compiled, kernels, kernels_for, modules_for
from optout.registry.identifiers import Identifier, Kind
from optout.registry.snapshot import Snapshot

ROLES = ["url", "text", "sha256", "md5", "phash64", "image", "work", "account:github"]
COMPILED = {"image", "url", "text", "sha256", "md5", "phash64"}


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable) -> Snapshot:
    return snapshot_of(Identifier.url("https://anna.example/harbour.jpg"))


@pytest.fixture
def without_compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kernels, "available", lambda: False)
    kernels._has_compiler.cache_clear()
    yield
    kernels._has_compiler.cache_clear()


def plain_ones(snapshot: Snapshot) -> set[str]:
    chosen = kernels_for(snapshot, frozenset(Kind), 30, ROLES)
    plain = kernels.plain_kernels(snapshot, frozenset(Kind), 30, ROLES)
    return {role for role in ROLES if type(chosen[role]) is type(plain[role])}


def test_compiled_kernels_look_where_there_are_any(snapshot: Snapshot) -> None:
    assert are_compiled()
    assert plain_ones(snapshot) == set(ROLES) - COMPILED


def test_plain_ones_look_where_somebody_wants_them(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_KERNELS", "plain")
    assert plain_ones(snapshot) == set(ROLES)
    assert modules_for(ROLES) == []


def test_where_there_is_no_compiler_it_is_said_once(
    snapshot: Snapshot, without_compiler: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert plain_ones(snapshot) == set(ROLES)
    assert not are_compiled()
    assert [record.message for record in caplog.records] == [
        "numba cannot be imported here: the filter finds the same without it, but slowly"
    ]


def test_only_what_looks_at_the_roles_is_compiled() -> None:
    assert modules_for(["account:github", "work"]) == []
    assert modules_for(["image", "work"]) == list(KERNELS[3:])
    assert modules_for(["text", "phash256"]) == [KERNELS[1], KERNELS[2]]
    assert modules_for(ROLES) == list(KERNELS)
