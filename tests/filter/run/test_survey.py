"""The first look at a corpus: every schema is seen, some of its values, and what is unreadable."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from optout.filter.parquet import identity
from optout.filter.run.inputs import discover
from optout.filter.run.progress import Silence
from optout.filter.run.survey import BYTES_SAMPLED, SHARDS_SAMPLED, samples, survey


def test_every_shard_is_told_with_rows_and_identity(world, corpus: Path) -> None:
    (corpus / "bad.parquet").write_bytes(b"PAR1")
    seen = {each.shard.name: each for each in survey(discover([corpus]), Silence())}
    assert list(seen) == ["bad.parquet", "deep/00000.parquet", "laion.parquet"]
    assert seen["laion.parquet"].rows == 240
    assert seen["laion.parquet"].identity == identity(corpus / "laion.parquet")
    assert seen["bad.parquet"].fault is not None
    assert seen["bad.parquet"].schema is None


def test_values_come_from_the_beginning_the_middle_and_the_end(tmp_path: Path) -> None:
    rows = ["" if 10 < row < 990 else f"https://a.example/{row}" for row in range(1000)]
    pq.write_table(pa.table({"url": rows}), tmp_path / "a.parquet", row_group_size=10)
    (sample,) = samples(survey(discover([tmp_path]), Silence()))
    values = sample.rows["url"].to_pylist()
    assert len(values) == 30
    assert values[0] == "https://a.example/0"
    assert values[-1] == "https://a.example/999"


def test_a_few_shards_of_every_schema_are_sampled(tmp_path: Path) -> None:
    for number in range(30):
        name = "url" if number % 2 else "URI"
        pq.write_table(pa.table({name: [str(number)], "n": [1]}), tmp_path / f"{number}.parquet")
    taken = list(samples(survey(discover([tmp_path]), Silence())))
    assert len(taken) == 2 * SHARDS_SAMPLED
    assert {sample.schema.names[0] for sample in taken} == {"url", "URI"}
    assert all(sample.rows.column_names == sample.schema.names[:1] for sample in taken)


def test_large_values_are_sampled_sparsely(tmp_path: Path) -> None:
    large = pa.array([bytes(BYTES_SAMPLED // 3)] * 20, pa.binary())
    pq.write_table(pa.table({"jpg": large}), tmp_path / "a.parquet", use_dictionary=False)
    (sample,) = samples(survey(discover([tmp_path]), Silence()))
    assert 1 <= sample.rows.num_rows <= 4


def test_shards_without_rows_or_text_have_a_schema_alone(tmp_path: Path) -> None:
    pq.write_table(pa.table({"url": pa.array([], pa.string())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"n": [1]}), tmp_path / "b.parquet")
    assert [sample.rows for sample in samples(survey(discover([tmp_path]), Silence()))] == [
        None,
        None,
    ]
