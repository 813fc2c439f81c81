"""A plan says all that was decided before the run, is read back, and no byte of it may change."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.columns import Leaf
from optout.filter.errors import EvidenceError, NothingMatchable, PlanError
from optout.filter.judge import Policy
from optout.filter.run.inputs import discover
from optout.filter.run.plan import Asked, Plan, make_plan
from optout.filter.run.progress import Silence
from optout.filter.run.survey import Surveyed, survey
from optout.filter.run.unplanned import unplanned
from optout.registry import documents
from optout.registry.errors import UsageError
from optout.registry.identifiers import Identifier


def seen(*paths: Path) -> list[Surveyed]:
    return survey(discover(list(paths)), Silence())


@pytest.fixture
def plan(world, corpus: Path) -> Plan:
    asked = Asked.of(Policy(radius=20), {"url": ["TEXT"]}, ["nothing"])
    return make_plan(seen(corpus), asked, world.snapshot)


def test_it_names_columns_roles_inputs_snapshot_and_versions(world, plan: Plan) -> None:
    assert plan.leaves == (
        *(Leaf("TEXT", "url"), Leaf("URL", "url"), Leaf("jpg", "image"), Leaf("url", "url")),
    )
    assert list(plan.inputs) == ["deep/00000.parquet", "laion.parquet"]
    assert plan.snapshot["digest"] == world.snapshot.digest
    assert plan.versions.keys() == {
        *("optout", "pyarrow", "pillow", "canonicaliser", "public_suffixes"),
    }
    body = documents.parse(plan.render(), "plan")
    told = {column["path"]: (column["why"], column["kinds"]) for column in body["columns"]}
    assert told["TEXT"] == ("said by the operator", ["account", "prefix", "site", "url"])
    assert told["jpg"][1] == ["file", "image"]


def test_it_names_the_newest_rules_that_the_snapshot_needs(
    world, corpus: Path, snapshot_of: Callable
) -> None:
    listed = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
    for snapshot, version in (
        (world.snapshot, 1),
        (snapshot_of(Identifier.image_pdq256(listed)), 2),
    ):
        assert snapshot.canonicaliser["version"] == version
        plan = make_plan(seen(corpus), Asked.of(None, None, ()), snapshot)
        assert plan.versions["canonicaliser"] == version


def test_a_plan_is_read_back(plan: Plan) -> None:
    again = Plan.parse(plan.render(), "plan.json")
    assert again == dataclasses.replace(plan, columns=list(plan.columns))
    assert again.leaves == plan.leaves
    assert again.digest == plan.digest == hashlib.sha256(plan.render()).hexdigest()


def test_the_same_question_has_the_same_plan(world, corpus: Path) -> None:
    plans = {
        make_plan(seen(corpus), Asked.of(None, None, ()), world.snapshot).digest for _ in range(2)
    }
    assert len(plans) == 1


def test_a_shard_that_cannot_be_read_is_in_the_plan_without_identity(world, corpus: Path) -> None:
    (corpus / "bad.parquet").write_bytes(b"PAR1")
    plan = make_plan(seen(corpus), Asked.of(None, None, ()), world.snapshot)
    assert plan.inputs["bad.parquet"] is None
    assert Plan.parse(plan.render(), "plan.json").inputs["bad.parquet"] is None
    pq.write_table(pa.table({"src": ["https://a.example/"], "URL": ["x"]}), corpus / "bad.parquet")
    (now,) = seen(corpus / "bad.parquet")
    assert unplanned(plan, now) == ["src"]


def test_any_changed_byte_is_noticed(plan: Plan) -> None:
    data = plan.render()
    for place in range(0, len(data), 5):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(EvidenceError, match=r"plan\.json"):
            Plan.parse(bytes(changed), "plan.json")


@pytest.mark.parametrize(
    "change",
    [
        {"policy": {"usage": "mining"}},
        {"policy": {"radius": "far"}},
        {"policy": []},
        {"columns": [{"path": "x"}]},
        {"columns": 3},
        {"inputs": {"a": {"size": 1}}},
        {"inputs": []},
        {"asked": {"columns": [{"path": "x", "role": "word"}], "exclude": []}},
        {"mode": None},
        {"format": "optout/v2/plan"},
    ],
)
def test_a_sealed_plan_of_another_shape_is_refused(change: dict, plan: Plan) -> None:
    body = documents.parse(plan.render(), "plan") | change
    body = {name: value for name, value in body.items() if value is not None}
    del body["seal"]
    seal = hashlib.sha256(documents.render(body)).hexdigest()
    with pytest.raises(EvidenceError):
        Plan.parse(documents.render({**body, "seal": seal}), "plan.json")


def test_a_column_that_was_said_must_be_there_and_fit(world, corpus: Path) -> None:
    for path, words in (
        ("uri", "no shard has a column 'uri'"),
        ("hash", "is of type int64, which cannot be read as url"),
    ):
        asked = Asked.of(None, {"url": [path]}, ())
        with pytest.raises(PlanError, match=words) as caught:
            make_plan(seen(corpus), asked, world.snapshot)
        assert caught.value.advice


def test_text_cannot_be_a_picture(world, corpus: Path) -> None:
    with pytest.raises(PlanError, match="cannot be read as image"):
        make_plan(seen(corpus), Asked.of(None, {"image": ["TEXT"]}, ()), world.snapshot)


def test_what_is_asked_for_must_mean_something() -> None:
    with pytest.raises(UsageError, match="'link' is not a role"):
        Asked.of(None, {"link": ["URL"]}, ())
    with pytest.raises(PlanError, match="to be looked at and left out"):
        Asked.of(None, {"url": ["URL"]}, ["URL"])
    assert Asked.of(None, {"url": "URL"}, ()).columns == (Leaf("URL", "url"),)


def test_kinds_that_nobody_looks_for_need_no_column(world, corpus: Path) -> None:
    only = Asked.of(Policy(kinds=frozenset({"image"})), None, ())
    assert make_plan(seen(corpus), only, world.snapshot).leaves == (Leaf("jpg", "image"),)


def test_where_nothing_can_be_matched_every_column_is_named(world, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a cat"], "n": [1]}), tmp_path / "a.parquet")
    with pytest.raises(NothingMatchable) as caught:
        make_plan(seen(tmp_path / "a.parquet"), Asked.of(None, None, ()), world.snapshot)
    assert (
        "text (named like passages, but none of its sampled values is one)" in caught.value.message
    )
    assert "n (int64: only text and bytes can be matched)" in caught.value.message


def test_a_place_inside_a_column_may_be_said_and_left_out(world, tmp_path: Path) -> None:
    table = pa.table(
        {
            "images": [[{"src": "https://a.example/", "alt": "https://b.example/"}]],
            "meta": ['{"page": "https://a.example/"}'],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    asked = Asked.of(None, {"url": ["meta{}.page"]}, ["images"])
    plan = make_plan(seen(tmp_path), asked, world.snapshot)
    assert plan.leaves == (Leaf("meta{}.page", "url"),)
    assert Plan.parse(plan.render(), "plan.json").leaves == plan.leaves
    with pytest.raises(PlanError, match="cannot be read as url") as caught:
        make_plan(seen(tmp_path), Asked.of(None, {"url": ["images"]}, ()), world.snapshot)
    assert "images[].src" in caught.value.advice
