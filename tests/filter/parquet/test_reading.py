"""Reading a shard: bounded batches, and an error that names the shard for whatever is none."""

from __future__ import annotations

import io
import os
import pickle
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest
from optout.filter.errors import ShardError
from optout.filter.parquet import ShardReader, identity, rewrite
from optout.filter.parquet.compact import BINARY, I32, I64, LIST, STRUCT, Sequence, Struct
from optout.filter.parquet.footer import ElementField, FileField, frame

TABLE = pa.table(
    {
        "url": [f"https://example.org/{n}" for n in range(1000)],
        "image": [{"bytes": bytes([n % 256]) * 100, "path": None} for n in range(1000)],
        "tags": [["a", "b"]] * 1000,
    }
)


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = tmp_path / "shard.parquet"
    pq.write_table(TABLE, path, row_group_size=300)
    return path


def test_batches_carry_the_number_of_their_first_row(shard: Path) -> None:
    with ShardReader(shard) as reader:
        assert reader.rows == 1000
        assert [(g.first_row, g.rows) for g in reader.row_groups] == [
            *((0, 300), (300, 300)),
            *((600, 300), (900, 100)),
        ]
        row = 0
        for batch in reader.batches(["url"], max_bytes=2000):
            assert batch.first_row == row
            assert batch.data.column("url")[0].as_py() == f"https://example.org/{row}"
            row += batch.rows
        assert row == 1000


def test_a_batch_is_as_small_as_was_asked_for(shard: Path) -> None:
    with ShardReader(shard) as reader:
        sizes = [batch.data.nbytes for batch in reader.batches(max_bytes=20_000)]
        assert max(sizes) < 60_000
        assert {batch.rows for batch in reader.batches(max_bytes=1)} == {1}


def test_a_part_of_a_nested_column_is_read_alone(shard: Path) -> None:
    with ShardReader(shard) as reader:
        batch = next(reader.batches(["image.bytes", "tags.list.element"], row_groups=[1]))
        assert batch.first_row == 300
        assert batch.data.schema.names == ["image", "tags"]
        assert batch.data.schema.field("image").type.names == ["bytes"]


def test_rows_are_counted_where_no_column_is_read(shard: Path) -> None:
    with ShardReader(shard) as reader:
        assert sum(batch.rows for batch in reader.batches([])) == 1000


def test_no_rows_and_no_row_groups_are_read(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    with pq.ParquetWriter(path, TABLE.schema) as writer:
        pass
    with ShardReader(path) as reader:
        assert (reader.rows, reader.row_groups, list(reader.batches())) == (0, (), [])
        assert reader.schema == TABLE.schema
    with pq.ParquetWriter(path, TABLE.schema) as writer:
        writer.write_table(TABLE.slice(0, 0))
    with ShardReader(path) as reader:
        assert list(reader.batches()) == []


def test_identity_changes_with_size_footer_and_time(shard: Path) -> None:
    before = identity(shard)
    assert identity(shard) == before
    os.utime(shard, ns=(1, 2))
    touched = identity(shard)
    assert touched.mtime_ns == 2
    assert (touched.size, touched.footer_sha256) == (before.size, before.footer_sha256)
    pq.write_table(TABLE, shard, row_group_size=301)
    assert identity(shard).footer_sha256 != before.footer_sha256
    assert identity(shard).to_dict().keys() == {"size", "footer_sha256", "mtime_ns"}


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def words(path: Path) -> None:
    path.write_bytes(b"url,caption\nhttps://example.org,x\n" * 100)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-500])


def only_magic(path: Path) -> None:
    path.write_bytes(b"PAR1")


def long_footer(path: Path) -> None:
    path.write_bytes(b"PAR1\xff\xff\xff\x7fPAR1")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def absent(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("damage", "words_of"),
    [
        (nothing, "is empty: zero bytes"),
        (words, "is not a Parquet file"),
        (cut_off, "is cut off"),
        (only_magic, "is cut off"),
        (long_footer, "footer is longer than the file"),
        (folder, "is not a file"),
        (absent, "No such file"),
    ],
)
@pytest.mark.parametrize("use", [ShardReader, identity])
def test_what_is_no_shard_is_named(
    use: Callable, damage: Callable, words_of: str, shard: Path
) -> None:
    damage(shard)
    with pytest.raises(ShardError, match=words_of) as caught:
        use(shard, "a/shard.parquet")
    assert "a/shard.parquet" in caught.value.message
    assert caught.value.advice


class Vault(pe.KmsClient):
    """Keeps keys in plain sight."""

    def __init__(self, _configuration) -> None:
        super().__init__()

    def wrap_key(self, key_bytes, _name):
        return key_bytes

    def unwrap_key(self, wrapped_key, _name):
        return wrapped_key


@pytest.mark.parametrize("plaintext_footer", [True, False])
def test_an_encrypted_shard_is_named(plaintext_footer: bool, tmp_path: Path) -> None:
    path = tmp_path / "secret.parquet"
    factory = pe.CryptoFactory(Vault)
    configuration = pe.EncryptionConfiguration(
        footer_key="f",
        column_keys={"c": ["url"]},
        plaintext_footer=plaintext_footer,
        double_wrapping=False,
    )
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), configuration)
    with pq.ParquetWriter(path, TABLE.schema, encryption_properties=properties) as writer:
        writer.write_table(TABLE)
    with pytest.raises(ShardError, match="encrypted"):
        ShardReader(path)
    with pytest.raises(ShardError, match="encrypted"):
        rewrite(path, io.BytesIO(), np.array([1]))


def test_no_damage_raises_anything_but_a_shard_error(shard: Path) -> None:
    whole = shard.read_bytes()
    footer = len(whole) - int.from_bytes(whole[-8:-4], "little") - 8
    chance = random.Random(11)
    failed = 0
    for attempt in range(200):
        data = bytearray(whole)
        if attempt % 2:
            data[chance.randrange(footer, len(data))] ^= 1 << chance.randrange(8)
        else:
            del data[chance.randrange(len(data)) :]
        shard.write_bytes(data)
        try:
            with ShardReader(shard) as reader:
                for _ in reader.batches():
                    pass
            rewrite(shard, io.BytesIO(), np.array([1, 450]))
        except ShardError as error:
            failed += str(shard) in error.message
    assert failed > 100


def test_a_shard_error_passes_from_one_process_to_another() -> None:
    error = ShardError("a.parquet", "a.parquet is empty", "Fetch it again.")
    again = pickle.loads(pickle.dumps(error))
    assert (again.shard, again.message, again.advice) == (
        error.shard,
        error.message,
        error.advice,
    )


def test_a_page_that_does_not_match_its_checksum_is_not_read(tmp_path: Path) -> None:
    source = tmp_path / "a.parquet"
    pq.write_table(
        TABLE, source, compression="none", use_dictionary=False, write_page_checksum=True
    )
    source.write_bytes(source.read_bytes().replace(b"example.org/7", b"example.net/7", 1))
    with ShardReader(source) as reader, pytest.raises(ShardError, match="checksum"):
        list(reader.batches(["url"]))
    with pytest.raises(ShardError, match="checksum"):
        rewrite(source, io.BytesIO(), np.array([0]))


def test_columns_that_nest_without_end_are_named_at_once(tmp_path: Path) -> None:
    group = Struct({ElementField.NAME: (BINARY, b"g"), ElementField.CHILDREN: (I32, 1)})
    leaf = Struct({ElementField.TYPE: (I32, 6), ElementField.NAME: (BINARY, b"url")})
    footer = Struct(
        {
            FileField.SCHEMA: (LIST, Sequence(STRUCT, [group] * 60_000 + [leaf])),
            FileField.ROWS: (I64, 0),
            FileField.ROW_GROUPS: (LIST, Sequence(STRUCT)),
        }
    )
    path = tmp_path / "deep.parquet"
    path.write_bytes(b"PAR1" + frame(footer))
    began = time.process_time()
    with pytest.raises(ShardError, match="nest too deep"):
        ShardReader(path)
    assert time.process_time() - began < 5
