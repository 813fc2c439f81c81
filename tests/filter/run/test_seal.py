"""The manifest of a run names what was obeyed, and every file; the operator's key signs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from optout.filter import filter_dataset
from optout.filter.errors import StorageError
from optout.filter.evidence import compare_files, read_manifest
from optout.filter.evidence.signing import NAME
from optout.filter.run.place import Place
from optout.filter.run.plan import Plan
from optout.registry.log import Checkpoint, SigningKey

KEY = SigningKey("operator.example", bytes(range(32)))


def manifest_of(out: Path, key: SigningKey | None = None):
    data = (out.with_name(f"{out.name}.optout") / "manifest.json").read_bytes()
    return read_manifest(data, key=key.verifier if key else None)


def test_it_names_registry_policy_and_snapshot(world, done) -> None:
    manifest, snapshot = manifest_of(done[0]), world.snapshot
    place = Place.at(done[0])
    plan = Plan.parse(place.beside.path("plan.json").read_bytes(), "plan.json")
    assert manifest.parameters == {
        "registry": {
            "origin": "registry.example",
            "size": snapshot.size,
            "root": snapshot.root,
        },
        "policy": plan.asked.policy.to_dict(),
        "canonicaliser": dict(snapshot.canonicaliser),
        "mode": "rewrite",
    }
    checkpoint, named, *inputs = manifest.statement["predicate"]["buildDefinition"][
        "resolvedDependencies"
    ]
    note = Checkpoint.open(checkpoint["annotations"]["note"], snapshot.key)
    assert (note.origin, note.size) == ("registry.example", snapshot.size)
    assert named["digest"]["sha256"] == snapshot.digest
    assert [item["name"] for item in inputs] == [
        *("input/deep/00000.parquet", "input/laion.parquet")
    ]


def test_the_operators_own_key_signs_unless_another_is_given(
    world, corpus: Path, done, own_signing_key: Path
) -> None:
    own = SigningKey.load(own_signing_key)
    assert own.name == NAME
    assert manifest_of(done[0]).key == own.verifier
    filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot, key=KEY)
    assert manifest_of(corpus.parent / "out", KEY).key == KEY.verifier


def test_another_key_signs_anew_and_the_same_one_does_not(
    world, corpus: Path, files: Callable
) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    filter_dataset(corpus, out, snapshot=world.snapshot, key=KEY)
    before = files(out, manifest=True)
    assert manifest_of(out).key == KEY.verifier
    filter_dataset(corpus, out, snapshot=world.snapshot, key=KEY)
    assert files(out, manifest=True) == before


@pytest.mark.parametrize("damage", [None, b"", b"{}\n"])
def test_a_lost_or_damaged_manifest_is_written_again(
    damage: bytes | None, world, corpus: Path
) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    path = out.with_name("out.optout") / "manifest.json"
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    report = filter_dataset(corpus, out, snapshot=world.snapshot)
    assert report.skipped == 2
    assert list(compare_files(manifest_of(out), out)) == []


def test_a_file_that_somebody_added_to_the_evidence_is_bound_too(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    (out.with_name("out.optout") / "README.md").write_text("ours")
    filter_dataset(corpus, out, snapshot=world.snapshot)
    assert "README.md" in manifest_of(out).evidence


def test_a_key_that_cannot_be_read_is_named(
    world, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (corpus.parent / "file").touch()
    monkeypatch.setenv("OPTOUT_SIGNING_KEY", str(corpus.parent / "file" / "key"))
    with pytest.raises(StorageError, match="signing key"):
        filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot)
