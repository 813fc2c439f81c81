"""Every data set's columns: what was planted goes, whatever its disguise, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .schemas.forms import FORMS
from .schemas.sowing import Form, OptOuts
from .schemas.world import assert_only_the_planted_went, command, register, shelve

QUICK, LONG = 60, 1000


@pytest.fixture(scope="module", autouse=True)
def _own_home(environment: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def optouts() -> OptOuts:
    return OptOuts()


@pytest.fixture(scope="module")
def snapshot(optouts: OptOuts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry that all of these corpora meet."""
    return register(optouts, tmp_path_factory.mktemp("everything"))


def follow(
    form: Form, optouts: OptOuts, snapshot: Path, folder: Path, many: int, run: Callable
) -> None:
    """The whole way: rewritten, and masked and applied, both held by `verify`."""
    corpus, out, masked = folder / "corpus", folder / "out", folder / "masked"
    shards = shelve(form, optouts, many, corpus)
    given = (corpus, "--snapshot", snapshot, *form.options)
    report = run("filter", *given, "--out", out, "--json").json()
    assert_only_the_planted_went(shards, corpus, out)
    rows = sum(shard.table.num_rows for shard in shards)
    kept = sum(sum(shard.stays) for shard in shards)
    assert (report["rows_in"], report["rows_kept"]) == (rows, kept)
    assert run("verify", out, "--snapshot", snapshot, "--input", corpus, "--json").json()["ok"]

    run("filter", *given, "--out", masked, "--mode", "mask")
    assert not list(masked.rglob("*.parquet"))
    run("apply", masked)
    for number in range(len(shards)):
        name = f"{number:05d}.parquet"
        assert (masked / name).read_bytes() == (out / name).read_bytes()
    run("verify", masked, "--snapshot", snapshot, "--input", corpus)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_planted_record_goes_and_no_other(
    form: Form, optouts: OptOuts, snapshot: Path, tmp_path: Path
) -> None:
    follow(form, optouts, snapshot, tmp_path, QUICK, command)


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_one_of_a_thousand_of_each_kind_goes_and_no_other(
    form: Form, optouts: OptOuts, snapshot: Path, tmp_path: Path, optout: Callable
) -> None:
    follow(form, optouts, snapshot, tmp_path, LONG, optout)


def test_the_registry_holds_every_kind(optouts: OptOuts, snapshot: Path) -> None:
    for kind, value in (
        ("url", optouts.addresses.registered()[0]),
        ("site", optouts.sites.registered()[0]),
        ("prefix", optouts.prefixes.registered()[0]),
        ("account", optouts.accounts.registered()[0]),
        ("work", optouts.works.registered()[0]),
        ("text", optouts.passages.registered()[0]),
    ):
        told = command("check", kind, value, "--snapshot", snapshot, "--json", expect=4)
        assert told.json()["kind"] == kind
