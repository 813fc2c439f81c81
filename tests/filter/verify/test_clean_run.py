"""A run that obeyed is found in order, and the report says what was looked at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import Policy, verify_dataset
from optout.registry.errors import UsageError
from optout.registry.log import SigningKey
from optout.registry.snapshot import Snapshot

from .conftest import HARBOUR, Run, detail, told


def test_a_clean_run_is_found_in_order(clean: Run) -> None:
    report = clean.verify()
    assert told(report) == []
    assert [check.name for check in report.checks] == [
        *("snapshot", "manifest", "plan", "records", "columns", "rows"),
        *("inputs", "drops", "held", "kernels", "reference"),
    ]
    assert report.ok


def test_every_detail_says_how_much_was_looked_at(clean: Run, operator: SigningKey) -> None:
    report = clean.verify()
    assert "registry.example at 6: 6 entries in force" in detail(report, "snapshot")
    assert "it is the one the run used" in detail(report, "snapshot")
    assert f"11 files, each the one that it binds; signed by {operator.verifier}" in detail(
        report, "manifest"
    )
    assert "320 rows in, 312 kept, 7 dropped, 1 put aside" in detail(report, "records")
    assert "URL (296 addresses), jpg (15 pictures), url (16 addresses)" in detail(report, "columns")
    assert "312 rows, every one judged by URL as url, jpg as image, url as url" in detail(
        report, "rows"
    )
    assert "2 inputs of 320 rows compared bit by bit and in order" in detail(report, "inputs")
    assert detail(report, "drops") == "8 rows that went, every one judged"
    assert detail(report, "held") == "4 entries met a row; 0 of them held"
    assert "312 rows left and 8 rows that went (a sample of 10,000 with the seed 1)" in detail(
        report, "reference"
    )


def test_without_inputs_what_went_is_not_proved(clean: Run) -> None:
    report = clean.verify(inputs=False)
    assert report.ok
    assert not {"inputs", "drops"} & {check.name for check in report.checks}
    assert "no input was given" in detail(report, "records")


def test_inputs_are_found_by_content_wherever_they_lie(clean: Run) -> None:
    files = [clean.corpus / "deep" / "pictures.parquet", str(clean.corpus / "*.parquet")]
    assert verify_dataset(clean.out, snapshot=clean.snapshot, inputs=files).ok


def test_a_link_to_out_is_followed(clean: Run, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(clean.out)
    shutil.copytree(clean.evidence, tmp_path / "linked.optout")
    assert verify_dataset(tmp_path / "linked", snapshot=clean.snapshot).ok


def test_the_sample_is_drawn_by_its_seed(clean: Run) -> None:
    report = clean.verify(sample=10, seed="autumn")
    assert (report.sample, report.seed) == (10, "autumn")
    assert "10 rows left and 8 rows that went (a sample of 10 with the seed autumn)" in detail(
        report, "reference"
    )
    assert clean.verify(sample=10, seed="autumn") == report


def test_a_seed_is_chosen_where_none_is_given(clean: Run) -> None:
    one, other = (clean.verify(inputs=False, sample=5, seed=None) for _ in range(2))
    assert one.seed != other.seed
    assert f"seed {one.seed}" in detail(one, "reference")


def test_a_sample_may_be_empty(clean: Run) -> None:
    assert "0 rows left" in detail(clean.verify(sample=0), "reference")


def test_the_reference_can_judge_every_row(clean: Run) -> None:
    report = clean.verify(exhaustive=True)
    assert report.ok
    assert (report.sample, report.seed) == (None, None)
    assert "312 rows left and 8 rows that went (all of them)" in detail(report, "reference")


class Listener:
    """Progress that remembers."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None]] = []
        self.steps: dict[str, int] = {}

    def stage(self, name: str, total: int | None = None) -> None:
        self.stages.append((name, total))

    def advance(self, n: int = 1, detail: str = "") -> None:
        name = self.stages[-1][0]
        assert detail, "a shard or a file is named"
        self.steps[name] = self.steps.get(name, 0) + n

    def note(self, text: str) -> None:
        raise AssertionError(text)

    def close(self) -> None:
        raise AssertionError("whoever made it closes it")


def test_progress_comes_to_its_end(clean: Run) -> None:
    heard = Listener()
    clean.verify(progress=heard)
    assert heard.stages == [("rows", 312), ("files", 12), ("inputs", 320)]
    assert heard.steps == dict(heard.stages)


def test_the_radius_that_follows_from_the_registrys_size_is_the_default_one(
    filtered: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as many:
        many.setattr(Snapshot, "variants", property(lambda _: 10**9))
        run = filtered()
        report = run.verify()
        asked = filtered(Policy()).verify()
    plan = json.loads((run.evidence / "plan.json").read_bytes())
    assert plan["policy"]["radius"] == 26
    assert told(report) == []
    assert detail(report, "plan").endswith("default policy")
    assert "weaker" not in detail(asked, "plan")
    # Held against few pictures it is less than there could be.
    assert "pictures were matched within 26 bits (default: 30)" in detail(run.verify(), "plan")


def test_a_weaker_policy_is_said_and_is_no_fault(filtered: Callable[..., Run]) -> None:
    weak = filtered(
        Policy(
            radius=8,
            kinds=frozenset({"url", "site", "image"}),
            min_grade={"url": "reviewed"},
            unjudgeable={"image": "keep"},
        )
    )
    report = weak.verify()
    assert told(report) == []
    said = detail(report, "plan")
    assert "weaker than the default policy" in said
    assert "url entries below the grade reviewed were not obeyed (default: self)" in said
    assert "pictures were matched within 8 bits (default: 30)" in said
    assert "the kind file was left out" in said
    assert "values of image that cannot be judged were kept" in said
    assert "1 row kept by the policy though it cannot be judged" in detail(report, "rows")


def test_rows_that_cannot_be_judged_may_be_dropped(filtered: Callable[..., Run]) -> None:
    report = filtered(Policy(unjudgeable={"image": "drop"})).verify()
    assert told(report) == []
    assert "8 dropped, 0 put aside" in detail(report, "records")


@pytest.mark.parametrize("kinds", [{"file"}, {"image"}, {"url"}, {"site"}])
def test_a_leaf_that_no_kind_reaches_need_not_be_looked_at(
    kinds: set[str], filtered: Callable[..., Run], corpus: Path
) -> None:
    run = filtered(Policy(kinds=frozenset(kinds)), inputs=corpus / "deep")
    assert told(run.verify()) == []


def test_out_must_be_there(clean: Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere is not a folder"):
        verify_dataset(tmp_path / "nowhere", snapshot=clean.snapshot)


def test_an_input_must_be_there(clean: Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        verify_dataset(clean.out, snapshot=clean.snapshot, inputs=tmp_path / "nowhere")


def test_a_sample_of_everything_is_refused(clean: Run) -> None:
    with pytest.raises(UsageError):
        clean.verify(exhaustive=True, sample=3)
    with pytest.raises(UsageError):
        clean.verify(sample=-1)


SHAPES = {
    "no row": pa.table({"url": pa.array([], pa.string())}),
    "no row left": pa.table({"url": [HARBOUR] * 3}),
    "one category": pa.table({"url": pa.array([HARBOUR, "https://a.example"]).dictionary_encode()}),
    "no value": pa.table({"url": pa.array([None, None], pa.string()), "n": [1, 2]}),
    "a name with dots": pa.table({"url": ["https://a.example"], "a.b": [HARBOUR], "a": [{"b": 1}]}),
    "one name twice": pa.Table.from_arrays(
        [pa.array(["https://a.example"]), pa.array([HARBOUR])], names=["url", "url"]
    ),
    "views and large values": pa.table(
        {
            "url": pa.array([HARBOUR, "https://a.example"], pa.string_view()),
            "tags": pa.array([["x"], None], pa.large_list(pa.large_string())),
            "data": pa.array([b"\xff\x00", None], pa.binary(2)),
            "time": pa.array([1, 2], pa.timestamp("ns", "Europe/Berlin")),
            "price": pa.array([1, None], pa.decimal128(20, 3)),
        }
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shards_of_every_shape_are_found_in_order(
    shape: str, filtered: Callable[..., Run], tmp_path: Path
) -> None:
    pq.write_table(SHAPES[shape], tmp_path / "x.parquet")
    assert told(filtered(inputs=tmp_path / "x.parquet").verify()) == []
