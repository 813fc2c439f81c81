"""The demo's corpus: published schemas, the same bytes every time, the truth beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.api.demo import copies, corpus, photographs, web
from optout.api.demo.corpus import Corpus, Part
from optout.registry.images import DEFAULT_RADIUS, phash, sighted_hashes, variants


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return corpus.make(tmp_path_factory.mktemp("demo") / "corpus")


def table(made: Corpus, name: str) -> pa.Table:
    return pq.read_table(made.folder / name)


def bits(packed: bytes) -> np.ndarray:
    return np.unpackbits(np.frombuffer(packed, np.uint8))


def distance(picture: bytes) -> int:
    """To the nearest variant that the registry would hold, mirrored or not."""
    ways = [bits(packed) for packed in sighted_hashes(picture)]
    registered = variants(photographs.load(photographs.REGISTERED)).values()
    return min(int((bits(phash(v, 16)) ^ way).sum()) for v in registered for way in ways)


def test_laion_has_laions_columns_and_the_download_beside_them(made: Corpus) -> None:
    schema = table(made, "laion.parquet").schema
    assert schema.names == [
        *("URL", "TEXT", "HEIGHT", "WIDTH", "LICENSE", "NSFW", "similarity", "hash", "jpg")
    ]
    assert schema.field("hash").type == pa.int64()
    assert schema.field("jpg").type == pa.binary()


def test_img2dataset_has_its_columns_and_its_failed_rows(made: Corpus) -> None:
    shard = table(made, "img2dataset-00000.parquet")
    assert shard.schema.names == [
        *("url", "caption", "key", "status", "error_message", "width", "height"),
        *("exif", "sha256", "jpg"),
    ]
    for row in shard.to_pylist():
        failed = row["status"] != "success"
        assert (row["jpg"] is None) == failed
        assert (row["error_message"] is not None) == failed
        if not failed:
            assert hashlib.sha256(row["jpg"]).hexdigest() == row["sha256"]
    assert shard["jpg"].null_count > 20


def test_relaion_has_links_only(made: Corpus) -> None:
    assert table(made, "relaion.parquet").schema.names == ["url", "caption"]


def test_it_is_made_alike_every_time(made: Corpus, tmp_path: Path) -> None:
    again = corpus.make(tmp_path)
    for shard in made.shards:
        assert (again.folder / shard.name).read_bytes() == (made.folder / shard.name).read_bytes()


def test_the_truth_is_about_the_rows_that_were_written(made: Corpus) -> None:
    for shard in made.shards:
        written = table(made, shard.name)
        urls = written["URL" if "URL" in written.schema.names else "url"].to_pylist()
        assert urls == [row.url for row in shard.rows]


def test_pictures_are_small(made: Corpus) -> None:
    pictures = [row.picture for shard in made.shards for row in shard.rows if row.picture]
    assert len(pictures) > 2500
    assert max(map(len, pictures)) < 100_000


def test_every_host_is_reserved_for_examples(made: Corpus) -> None:
    for shard in made.shards:
        for row in shard.rows:
            host = row.url.lower().partition("//")[2].partition("/")[0].partition(":")[0]
            assert host.rstrip(".").rpartition(".")[2] == "example", row.url


@pytest.mark.parametrize("copy", copies.FOUND, ids=lambda copy: copy.name)
def test_what_is_told_to_be_found_is_within_the_radius(copy: copies.Copy) -> None:
    assert distance(copy.make(photographs.load(photographs.REGISTERED))) <= DEFAULT_RADIUS


@pytest.mark.parametrize("copy", copies.NOT_FOUND, ids=lambda copy: copy.name)
def test_what_is_told_to_be_missed_is_outside_the_radius(copy: copies.Copy) -> None:
    assert distance(copy.make(photographs.load(photographs.REGISTERED))) > DEFAULT_RADIUS


def test_the_look_alike_is_near_and_not_near_enough() -> None:
    picture = copies.jpeg(photographs.load(photographs.LOOK_ALIKE), 95)
    assert distance(picture) == pytest.approx(76, abs=2)


def test_nothing_in_the_crowd_resembles_the_registered_photograph(made: Corpus) -> None:
    crowd = [
        row.picture
        for shard in made.shards
        for row in shard.rows
        if row.part is None and row.picture is not None
    ]
    assert min(map(distance, crowd[::20])) > 2 * DEFAULT_RADIUS


def test_every_part_of_the_story_is_in_the_corpus(made: Corpus) -> None:
    assert {row.part for shard in made.shards for row in shard.rows} == {*Part, None}


def test_only_the_registered_site_is_told_to_go() -> None:
    assert all(web.SITE in url.lower() for url in web.PAGES_OF_THE_SITE)
