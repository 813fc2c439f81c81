"""Every data set's columns: what was planted goes, whatever its disguise, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.columns import Sample, detect
from optout.filter.verify.detection import Detection
from optout.filter.verify.features import said_to_be_pictures
from optout.filter.verify.leaves import leaf_values

from .schemas.forms import FORMS
from .schemas.sowing import Form, OptOuts, sow
from .schemas.world import assert_only_the_planted_went, command, register, shelve

pytestmark = pytest.mark.usefixtures("own_home")

QUICK, LONG = 60, 1000


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


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_what_a_run_looks_at_and_what_verify_is_sure_of_agree(form: Form, optouts: OptOuts) -> None:
    table = sow(form, optouts, 20).table
    found = {(c.path, c.role) for c in detect([Sample(table.schema, table)]) if c.role}
    assert form.places.items() - found == set()
    sure = Detection()
    pieces = [list(leaf_values(batch, 0)) for batch in table.to_batches()]
    sure.add_shard(pieces, said_to_be_pictures(table.schema))
    roles = {(path, role) for path, told in sure.matchable().items() for role in told}
    assert roles - found == set()
    # Values cannot tell a passage that somebody minds, nor of what 32 digits are a digest.
    maybe = {(path, role) for path, told in sure.possible().items() for role in told}
    told = {place for place in form.places.items() if place[1] not in ("text", "md5")}
    assert told - roles == set()
    assert form.places.items() - roles - maybe == set()


def test_what_stands_in_json_under_the_rarest_path_goes_too_and_verify_agrees(
    optouts: OptOuts, snapshot: Path, tmp_path: Path
) -> None:
    many = 4000
    rows = [
        {"url": f"https://host.example/{n}", "meta": json.dumps({"lang": "en", "n": n})}
        for n in range(many)
    ]
    planted = {
        1901: {"other": [{"src": f"http://{optouts.sites.registered()[0]}/a"}]},
        1902: {"deep": json.dumps({"deeper": {"see": str(optouts.addresses.links[3])}})},
        2501: {"paper": f"doi:{optouts.works.doi[0]}"},
        2502: {"lang": f"https://github.com/{optouts.accounts.handles[0][1]}/repo"},
    }
    spared = {
        1903: {"other": [{"src": "https://host.example/nobody"}]},
        1904: {"note": f"see {optouts.addresses.links[3]} for more"},
        2503: {"paper": "doi:10.1000/182"},
        2504: {"rare": "https://host.example/once"},
    }
    for number, meta in (planted | spared).items():
        rows[number]["meta"] = json.dumps(meta)
    # In a column that is no one's JSON here and there a text is broken: nothing was to be found.
    rows[2600]["meta"] = '{"broken'
    corpus, out = tmp_path / "corpus", tmp_path / "out"
    corpus.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), corpus / "a.parquet")
    command("filter", corpus, "--snapshot", snapshot, "--out", out)
    left = pq.read_table(out / "a.parquet")["url"].to_pylist()
    went = set(range(many)) - {int(url.rpartition("/")[2]) for url in left}
    assert went == planted.keys()
    for verified in (("--exhaustive",), ("--input", corpus)):
        told = command("verify", out, "--snapshot", snapshot, "--json", *verified).json()
        assert told["ok"], told
    matches = pq.read_table(tmp_path / "out.optout" / "a.parquet.matches.parquet").to_pylist()
    assert {match["leaf"] for match in matches} == {"meta{}*"}


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
