"""Reading through masks: exactly the rows that stay, in their order, whatever the batches are."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import IterableDataset
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from optout.filter import (
    MaskedDataset,
    Policy,
    ShardError,
    apply_masks,
    filter_dataset,
    open_masked,
)
from optout.filter.errors import EvidenceError
from optout.registry.errors import UsageError
from optout.registry.identifiers import Identifier, Kind

LAION, DOWNLOADED = "laion.parquet", "deep/00000.parquet"
COVERED = "https://anna.example/harbour.jpg"


@pytest.fixture(scope="module")
def opened(world, written: Path, tmp_path_factory: pytest.TempPathFactory) -> MaskedDataset:
    out = tmp_path_factory.mktemp("masked") / "out"
    filter_dataset(written, out, snapshot=world.snapshot, mode="mask")
    return open_masked(out)


def table_of(shard, *arguments, **options) -> pa.Table:
    batches = list(shard.batches(*arguments, **options))
    assert all(batch.num_rows for batch in batches)
    return pa.Table.from_batches(batches, shard.schema(*arguments))


@pytest.mark.parametrize("batch_rows", [1, 3, 7, 30, 1000])
def test_every_row_that_stays_is_read_in_its_order_and_no_other(
    batch_rows: int, world, opened: MaskedDataset
) -> None:
    assert [shard.name for shard in opened.shards] == [DOWNLOADED, LAION]
    for shard in opened.shards:
        table = table_of(shard, batch_rows=batch_rows)
        assert table.equals(world.kept(shard.name), check_metadata=True)
        assert shard.rows == table.num_rows
        assert max(b.num_rows for b in shard.batches(batch_rows=batch_rows)) <= batch_rows
    assert opened.rows == sum(batch.num_rows for batch in opened) == 271


def test_some_columns_are_read_alone(world, opened: MaskedDataset) -> None:
    _, laion = opened.shards
    assert table_of(laion, ["TEXT"]).equals(world.kept(LAION).select(["TEXT"]), check_metadata=True)


def test_one_stream_of_all_shards_is_what_arrow_reads(world, corpus: Path, tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        world.write(tmp_path / "in", **{name: world.tables[LAION]})
    (tmp_path / "in" / DOWNLOADED).unlink()
    (tmp_path / "in" / LAION).unlink()
    filter_dataset(tmp_path / "in", tmp_path / "out", snapshot=world.snapshot, mode="mask")
    reader = open_masked(tmp_path / "out").reader(batch_rows=50)
    assert isinstance(reader, pa.RecordBatchReader)
    kept = world.kept(LAION).replace_schema_metadata(None)
    assert reader.read_all().equals(pa.concat_tables([kept, kept]))
    names = open_masked(tmp_path / "out").reader(["URL"]).read_all()
    assert names.column_names == ["URL"]


def test_shards_of_different_columns_are_no_single_stream(opened: MaskedDataset) -> None:
    with pytest.raises(UsageError, match="has not the columns of"):
        opened.reader()


def test_a_batch_has_a_row_at_least(opened: MaskedDataset) -> None:
    with pytest.raises(UsageError, match="0 rows"):
        list(opened.batches(batch_rows=0))


def test_shards_pass_to_other_processes(world, opened: MaskedDataset) -> None:
    again = pickle.loads(pickle.dumps(opened))
    assert [table_of(s) for s in again.shards] == [table_of(s) for s in opened.shards]


@functools.cache
def nested(rows: int) -> pa.Table:
    """Columns of every shape that shards of pictures and texts come in."""
    numbers = list(range(rows))
    codes = pa.array([None if n % 5 == 0 else n % 4 for n in numbers], pa.int32())
    words = pa.DictionaryArray.from_arrays(codes, [f"word {n}" for n in range(4)])
    images = [
        None if n % 7 == 0 else {"bytes": bytes([n % 256]) * (n % 3), "path": f"{n}.jpg"}
        for n in numbers
    ]
    return pa.table(
        {
            "n": pa.array(numbers, pa.int64()),
            "category": words,
            "image": pa.array(images, pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            "images": pa.array([images[: n % 3] for n in numbers]),
            "tags": pa.array([None if n % 4 == 0 else ["a"] * (n % 3) for n in numbers]),
            "vector": pa.array([[float("nan"), n] for n in numbers], pa.list_(pa.float32(), 2)),
            "marks": pa.array(
                [[("k", n)] if n % 2 else [] for n in numbers], pa.map_(pa.string(), pa.int32())
            ),
            "when": pa.array(numbers, pa.timestamp("us", "UTC")),
            "large": pa.array([f"text {n}" for n in numbers], pa.large_string()),
            "nothing": pa.nulls(rows),
        }
    ).replace_schema_metadata({"huggingface": "{}"})


@pytest.fixture(scope="module")
def small_snapshot(snapshot_of: Callable):
    return snapshot_of(Identifier.url(COVERED))


@settings(
    phases=[Phase.generate], max_examples=25, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(data=st.data())
def test_law_mask_apply_rewrite_and_reader_agree_for_every_shape(
    data: st.DataObject, small_snapshot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = data.draw(st.integers(1, 60))
    removed = data.draw(st.sets(st.integers(0, rows - 1)))
    folder = tmp_path_factory.mktemp("law")
    urls = [COVERED if n in removed else f"https://host.example/{n}" for n in range(rows)]
    table = nested(rows).append_column("url", pa.array(urls))
    pq.write_table(
        table,
        folder / "a.parquet",
        row_group_size=data.draw(st.integers(1, rows)),
        compression=data.draw(st.sampled_from(["zstd", "snappy", "none"])),
        data_page_version=data.draw(st.sampled_from(["1.0", "2.0"])),
    )
    for out, mode in (("rewritten", "rewrite"), ("mask", "mask")):
        filter_dataset(
            folder / "a.parquet",
            folder / out,
            snapshot=small_snapshot,
            mode=mode,
            policy=Policy(kinds=frozenset({Kind.URL})),  # the pictures are none
        )
    vectors = [folder / f"{out}.optout/a.parquet.dv" for out in ("rewritten", "mask")]
    assert vectors[0].read_bytes() == vectors[1].read_bytes()

    kept = table.take(pa.array(sorted(set(range(rows)) - removed), pa.int64()))
    dataset = open_masked(folder / "mask")
    batches = list(dataset.batches(batch_rows=data.draw(st.integers(1, rows + 1))))
    read = pa.Table.from_batches(batches, dataset.shards[0].schema())
    assert read.column("n").to_pylist() == kept.column("n").to_pylist()
    whole = pq.read_table(folder / "a.parquet")
    assert read.schema.equals(whole.schema, check_metadata=True)
    assert str(read.to_pylist()) == str(kept.to_pylist())  # NaN is not NaN, but reads the same

    apply_masks(folder / "mask")
    rewritten = folder / "rewritten/a.parquet"
    assert (folder / "mask/a.parquet").read_bytes() == rewritten.read_bytes()


def test_row_groups_without_a_row_that_stays_are_not_read(small_snapshot, tmp_path: Path) -> None:
    urls = [COVERED] * 50 + ["https://host.example/"] * 50
    pq.write_table(
        pa.table({"url": urls, "n": range(100)}), tmp_path / "a.parquet", row_group_size=50
    )
    filter_dataset(tmp_path / "a.parquet", tmp_path / "out", snapshot=small_snapshot, mode="mask")
    opened = open_masked(tmp_path / "out")
    path = tmp_path / "a.parquet"
    state, data = path.stat(), bytearray(path.read_bytes())
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    path.write_bytes(data)
    assert table_of(opened.shards[0])["n"].to_pylist() == list(range(50, 100))
    assert state.st_size == path.stat().st_size


def test_an_input_that_is_not_the_one_that_was_scanned_is_refused(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask")
    dataset = open_masked(out)
    pq.write_table(world.tables[LAION].slice(1), corpus / LAION)
    with pytest.raises(ShardError, match=f"{LAION} is no longer the input") as caught:
        open_masked(out)
    assert caught.value.shard == LAION
    with pytest.raises(ShardError, match=LAION):
        list(dataset)


def test_an_input_that_changes_while_it_is_read_is_noticed(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask")
    shard = open_masked(out).shards[1]
    reading = shard.batches(batch_rows=10)
    next(reading)
    path = corpus / LAION
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    with pytest.raises(ShardError, match="no longer"):
        list(reading)


def test_an_input_that_is_gone_is_named(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask")
    moved = corpus.rename(corpus.with_name("moved"))
    with pytest.raises(ShardError, match=f"{DOWNLOADED} is not there"):
        open_masked(out)
    assert open_masked(out, inputs=moved).rows == 271


def test_applied_masks_are_read_where_the_shards_are(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask")
    apply_masks(out)
    with pytest.raises(EvidenceError, match="have been applied"):
        open_masked(out)
    assert open_masked(out, inputs=corpus).rows == 271


def test_a_vector_that_somebody_changed_is_not_read_through(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask")
    vector = out.with_name("out.optout") / f"{LAION}.dv"
    vector.write_bytes((out.with_name("out.optout") / f"{DOWNLOADED}.dv").read_bytes())
    with pytest.raises(EvidenceError, match=f"{LAION}.dv"):
        open_masked(out)


def test_rows_of_masked_shards_stream_into_hugging_face_datasets(
    world, opened: MaskedDataset
) -> None:

    def rows(shards):
        for shard in shards:
            for batch in shard.batches(["url"]):
                yield from batch.to_pylist()

    stream = IterableDataset.from_generator(rows, gen_kwargs={"shards": list(opened.shards[:1])})
    kept = world.kept(DOWNLOADED)["url"].to_pylist()
    assert [row["url"] for row in stream] == kept
