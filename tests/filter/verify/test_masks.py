"""Masks leave no shard: what they leave is judged in the inputs, seen through the vectors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from optout.filter import Policy, apply_masks
from optout.filter.evidence import FileDigest
from optout.filter.parquet import encode_vector
from optout.registry.log import SigningKey

from .conftest import HARBOUR, URL, Run, detail, failed, told
from .forging import Forger

LINKS, PICTURES = "links.parquet", "deep/pictures.parquet"


@pytest.fixture(scope="session")
def masked(filtered: Callable[..., Run]) -> Run:
    return filtered(mode="mask")


@pytest.fixture
def run(masked: Run, tmp_path) -> Run:
    masked.out.mkdir(exist_ok=True)
    return masked.copy(tmp_path)


@pytest.fixture
def forger(run: Run, operator: SigningKey) -> MaskForger:
    return MaskForger(run, operator)


class MaskForger(Forger):
    """Forges masks: no shard is written anew."""

    def mask(self, shard: str, matches: list[dict]) -> None:
        """Let a mask hide exactly what these matches say."""
        removed = sorted({m["row"] for m in matches if m["verdict"] != "held"})
        dropped = {m["row"]: m["kind"] for m in matches if m["verdict"] == "drop"}
        self.put_matches(shard, matches)
        vector = encode_vector(removed)
        self._path(self._names.vector(shard)).write_bytes(vector)
        record = self.record(shard)
        kinds = [kind or "unjudgeable" for kind in dropped.values()]
        self.put_record(
            replace(
                record,
                vector=FileDigest.of(vector),
                rows_kept=record.rows_in - len(removed),
                rows_dropped=len(dropped),
                rows_quarantined=len(removed) - len(dropped),
                dropped_by_kind={kind: kinds.count(kind) for kind in kinds},
            )
        )
        self.decide(entries=self._counted())


def test_a_clean_mask_is_found_in_order(masked: Run) -> None:
    report = masked.verify()
    assert told(report) == []
    assert [check.name for check in report.checks] == [
        *("snapshot", "manifest", "plan", "records", "columns", "rows"),
        *("inputs", "drops", "held", "kernels", "reference"),
    ]
    assert "the run wrote masks" in detail(report, "plan")
    assert "320 rows in, 312 kept, 7 dropped, 1 put aside" in detail(report, "records")
    assert "URL (296 addresses), jpg (15 pictures), url (16 addresses)" in detail(report, "columns")
    assert detail(report, "rows").startswith("312 rows, every one judged by")
    assert "2 inputs of 320 rows each the one that its mask was made for" in detail(
        report, "inputs"
    )
    assert detail(report, "drops") == "8 rows that went, every one judged"
    assert "312 rows left and 8 rows that went" in detail(report, "reference")


def test_an_out_that_is_not_there_is_nothing_strange(run: Run) -> None:
    run.out.rmdir()
    assert run.verify().ok


def test_without_inputs_it_is_said_what_could_not_be_looked_at(masked: Run) -> None:
    report = masked.verify(inputs=False)
    assert report.ok
    assert "without the inputs nothing shows what the masks leave" in detail(report, "columns")
    assert "no row was judged: the run wrote masks" in detail(report, "rows")
    assert "320 rows in, 312 kept, 7 dropped, 1 put aside" in detail(report, "records")
    assert not {"inputs", "drops", "held"} & {check.name for check in report.checks}


def test_forging_alone_leaves_no_trace(forger: MaskForger) -> None:
    forger.mask(LINKS, forger.matches(LINKS))
    assert told(forger.seal().verify()) == []


def test_a_row_that_the_mask_does_not_hide_is_found(forger: MaskForger) -> None:
    forger.mask(LINKS, [m for m in forger.matches(LINKS) if m["row"] != 150])
    run = forger.seal()
    assert told(run.verify()) == ["links.parquet row 150 of the input: entry 1 (site)"]
    assert told(run.verify(exhaustive=True, seed=None)) == told(run.verify())


def test_a_row_that_the_mask_hides_for_nothing_is_found(forger: MaskForger) -> None:
    more = {**forger.matches(LINKS)[0], "row": 20, "entry": URL, "kind": "url"}
    forger.mask(LINKS, [*forger.matches(LINKS), more])
    assert told(forger.seal().verify()) == [
        "links.parquet row 20 of the input went for entry 0 (url), which its URL does not meet so"
    ]


def test_a_picture_that_cannot_be_judged_must_be_hidden(forger: MaskForger) -> None:
    forger.mask(PICTURES, [m for m in forger.matches(PICTURES) if m["verdict"] == "drop"])
    assert told(forger.seal().verify()) == [
        f"{PICTURES} row 5 of the input: jpg cannot be judged as image, and the row stayed"
    ]


def test_what_a_policy_keeps_is_not_hidden(forger: MaskForger) -> None:
    aside = [m for m in forger.matches(PICTURES) if m["verdict"] == "quarantine"]
    matches = [m for m in forger.matches(PICTURES) if m not in aside]
    dropped = [m | {"verdict": "drop"} for m in aside]
    forger.mask(PICTURES, matches + dropped)
    report = forger.seal().verify()
    assert (
        f"{PICTURES} row 5 of the input went because its jpg cannot be judged, and the policy does "
        "not drop such rows" in told(report)
    )


def test_held_entries_of_masks_are_counted_in_the_input(filtered: Callable[..., Run]) -> None:
    held = filtered(Policy(hold_rows=1, hold_share=0.001), mode="mask")
    report = held.verify()
    assert told(report) == []
    assert "entry 0 (url, grade self) was held rightly: it meets 2 rows" in detail(report, "held")


def test_another_input_is_not_taken(run: Run, tmp_path) -> None:
    table = pq.read_table(run.corpus / LINKS)
    (tmp_path / "corpus").mkdir()
    pq.write_table(table.slice(1), tmp_path / "corpus" / LINKS)
    report = replace(run, corpus=tmp_path / "corpus").verify()
    assert f"{tmp_path}/corpus/{LINKS} is not the file that {LINKS} was made from" in told(report)
    assert "inputs" in failed(report)


@pytest.mark.parametrize("name", [f"{LINKS}.dv", f"{LINKS}.json", f"{LINKS}.matches.parquet"])
def test_missing_evidence_is_named(name: str, run: Run) -> None:
    (run.evidence / name).unlink()
    assert f"out.optout/{name} is missing" in told(run.verify())


def test_a_mask_that_is_missing_altogether_is_named(run: Run) -> None:
    for path in run.evidence.glob(f"{LINKS}*"):
        path.unlink()
    assert f"{LINKS} was planned and has no mask" in told(run.verify())


def test_a_shard_beside_masks_is_named(run: Run) -> None:
    (run.out / LINKS).write_bytes((run.corpus / LINKS).read_bytes())
    report = run.verify()
    assert "out is not empty, and the run wrote masks alone" in told(report)
    assert "manifest" in failed(report)


@pytest.mark.parametrize("changes", [{"mode": "rewrite"}, {"how": "copied"}], ids=str)
def test_a_record_that_is_not_of_a_mask_is_named(changes: dict, forger: MaskForger) -> None:
    forger.put_record(replace(forger.record(LINKS), **changes))
    assert f"out.optout/{LINKS}.json is not that of a mask" in told(
        forger.seal().verify(inputs=False)
    )


def test_masks_that_were_applied_are_a_run_like_any_other(run: Run, operator: SigningKey) -> None:
    apply_masks(run.out, key=operator)
    assert json.loads((run.evidence / "plan.json").read_bytes())["mode"] == "rewrite"
    report = run.verify()
    assert told(report) == []
    assert "compared bit by bit and in order" in detail(report, "inputs")
    assert HARBOUR not in pq.read_table(run.out / LINKS)["URL"].to_pylist()
