"""Where a batch, a page, a row group or a shard ends changes no verdict and no row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optout.filter import Filter, Policy
from optout.filter.evidence import Evidence, read_matches
from optout.filter.run import division
from optout.filter.run.course import Course
from optout.filter.run.place import Place
from optout.filter.run.plan import Asked
from optout.filter.run.progress import Silence
from optout.registry.identifiers import Identifier
from optout.registry.log import SigningKey
from optout.registry.snapshot import Snapshot

HARBOUR = "https://anna.example/harbour.jpg"
COLUMNS = {"url": ["url", "links[]", "extra{}.src"], "image": ["picture.bytes"]}
KEY = SigningKey("operator.example", bytes(range(32)))

ADDRESSES = (
    HARBOUR,
    "HTTP://ANNA.example:80/harbour.jpg#x",
    "//www.fotografin.example/a",
    "https://anna.example/Harbour.jpg",
    "https://host.example/" + "long/" * 200,
    "not a link",
    "",
    None,
)
BROKEN = b"https://a.example/\xff"

SCHEMA = pa.schema(
    [
        ("url", pa.string()),
        ("links", pa.list_(pa.string())),
        ("extra", pa.string()),
        ("picture", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("number", pa.int64()),
    ]
)


class Pictures(list[bytes | None]):
    """Some; a failure need not print them."""

    def __repr__(self) -> str:
        return f"{len(self)} pictures"


@pytest.fixture(scope="module")
def pictures(photograph: Callable, encoded: Callable) -> Pictures:
    """The registered one, a copy, another, a broken one, none."""
    own = encoded(photograph(1, (64, 48)))
    copy = encoded(photograph(1, (64, 48)), "PNG")
    return Pictures([own, copy, encoded(photograph(9, (64, 48))), own[:200], b"", None])


@pytest.fixture(scope="module")
def snapshot(pictures: Pictures, snapshot_of: Callable) -> Snapshot:
    return snapshot_of(
        Identifier.url(HARBOUR),
        (Identifier.site("fotografin.example"), "domain"),
        (Identifier.site("host.example"), "self"),
        Identifier.image(pictures[0]),
    )


def extra(address: str | None) -> str | None:
    if address is None:
        return None
    return f'{{"src": "{address}", "more": [1, 2]}}'


def rows(pictures: Pictures) -> st.SearchStrategy[list[dict]]:
    # Mostly what stays: in a corpus it is the one covered row among many that may be lost.
    plain = st.sampled_from(ADDRESSES[3:])
    address = st.one_of(plain, plain, plain, st.sampled_from(ADDRESSES))
    return st.lists(
        st.fixed_dictionaries(
            {
                "url": st.one_of(address, address, address, st.just(BROKEN)),
                "links": st.none() | st.lists(address, max_size=4),
                "extra": st.one_of(address.map(extra), st.just('{"src": ')),
                "picture": st.none() | st.sampled_from(pictures[2:]) | st.sampled_from(pictures),
            }
        ),
        max_size=40,
    )


def table_of(drawn: list[dict]) -> pa.Table:
    urls = [u.encode() if isinstance(u, str) else u for u in (row["url"] for row in drawn)]
    pictures = [
        None if row["picture"] is None else {"bytes": row["picture"], "path": f"{number}.jpg"}
        for number, row in enumerate(drawn)
    ]
    return pa.table(
        {
            # Bytes that are no UTF-8 are found in columns of text.
            "url": pa.array(urls, pa.binary()).view(pa.string()),
            "links": pa.array([row["links"] for row in drawn], SCHEMA.field("links").type),
            "extra": pa.array([row["extra"] for row in drawn], pa.string()),
            "picture": pa.array(pictures, SCHEMA.field("picture").type),
            "number": pa.array(range(len(drawn)), pa.int64()),
        },
        schema=SCHEMA,
    )


def cuts(length: int) -> st.SearchStrategy[list[int]]:
    """Where a table is cut: from nowhere to everywhere, pieces without a row among them."""
    inner = st.lists(st.integers(0, length), max_size=6)
    return inner.map(lambda between: sorted([0, *between, length]))


LAYOUT = st.fixed_dictionaries(
    {
        "row_group_size": st.integers(1, 50),
        "data_page_size": st.sampled_from([16, 64, 1024, 1 << 20]),
        "write_batch_size": st.sampled_from([1, 3, 7, 1024]),
        "use_dictionary": st.booleans(),
        "data_page_version": st.sampled_from(["1.0", "2.0"]),
        "compression": st.sampled_from(["none", "snappy", "zstd"]),
        "write_page_index": st.booleans(),
        "write_statistics": st.booleans(),
    }
)


def judged(keep: Filter, batch: pa.RecordBatch) -> list[dict]:
    return keep.judge(batch).to_pylist()


def whole(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], SCHEMA)


def filtered(
    folder: Path, snapshot: Snapshot, parts: list[pa.Table], layouts: list[dict], size: int
) -> tuple[pa.Table, pa.Table, dict[int, list[dict]]]:
    """Filter shards; what is left, what is put aside, and why which row of all went."""
    (folder / "in").mkdir()
    for number, (part, layout) in enumerate(zip(parts, layouts, strict=True)):
        pq.write_table(part, folder / "in" / f"{number:02}.parquet", **layout)
    place = Place.at(folder / "out")
    with pytest.MonkeyPatch.context() as patch:
        for bound in ("_SMALLEST_BATCH", "_LARGEST_BATCH"):
            patch.setattr(division, bound, size)
        report = Course(
            inputs=[str(folder / "in")],
            place=place,
            snapshot=snapshot,
            asked=Asked.of(Policy(), COLUMNS, ()),
            cores=1,
            memory=2 << 30,
            progress=Silence(),
            overwrite=False,
            recheck=False,
            key=KEY,
        ).carry_out()
    names, first = Evidence(folder / "out"), 0
    left, aside, why = [], [], dict[int, list[dict]]()
    for number, part in enumerate(parts):
        name = f"{number:02}.parquet"
        left.append(pq.read_table(folder / "out" / name))
        quarantine = names.path(names.quarantine(name))
        if quarantine.exists():
            aside.append(pq.read_table(quarantine))
        for match in read_matches(names.path(names.matches(name)).read_bytes()).to_pylist():
            why.setdefault(first + match.pop("row"), []).append(match)
        first += part.num_rows
    assert report.rows_in == first
    return pa.concat_tables(left), pa.concat_tables([SCHEMA.empty_table(), *aside]), why


def assert_boundaries_change_nothing(
    data: st.DataObject, pictures: Pictures, snapshot: Snapshot
) -> None:
    table = table_of(data.draw(rows(pictures)))
    keep = Filter(snapshot, COLUMNS)
    expected = judged(keep, whole(table))
    # In memory, batch by batch, also where a batch is a slice of a larger one.
    ends = data.draw(cuts(table.num_rows))
    batches = [whole(table).slice(a, b - a) for a, b in pairwise(ends)]
    assert [verdict for batch in batches for verdict in judged(keep, batch)] == expected
    # In files.
    ends = data.draw(cuts(table.num_rows))
    parts = [table.slice(a, b - a) for a, b in pairwise(ends)]
    layouts = [data.draw(LAYOUT) for _ in parts]
    size = data.draw(st.sampled_from([1, 100, 5_000, 16 << 20]))
    with tempfile.TemporaryDirectory() as folder:
        left, aside, why = filtered(Path(folder), snapshot, parts, layouts, size)
    said = [row["verdict"] for row in expected]
    for verdict, there in (("keep", left), ("quarantine", aside)):
        numbers = [number for number, word in enumerate(said) if word == verdict]
        assert there["number"].to_pylist() == numbers
        # By their bytes: text that is no UTF-8 cannot be compared as Python's.
        assert there.cast(table.schema).equals(table.take(pa.array(numbers, pa.int64())))
    assert sorted(why) == [number for number, word in enumerate(said) if word != "keep"]
    for number, reasons in why.items():
        assert expected[number] in reasons


@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_a_verdict_does_not_depend_on_where_anything_ends(
    data: st.DataObject, pictures: Pictures, snapshot: Snapshot
) -> None:
    assert_boundaries_change_nothing(data, pictures, snapshot)


@pytest.mark.long
@given(data=st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_no_verdict_depends_on_where_anything_ends(
    data: st.DataObject, pictures: Pictures, snapshot: Snapshot
) -> None:
    assert_boundaries_change_nothing(data, pictures, snapshot)
