"""What a run says of a snapshot and of columns that meet nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.columns import DetectedColumn
from optout.filter.judge import Policy
from optout.filter.run import filter_dataset
from optout.filter.run.idle import strange_columns, unmet_entries
from optout.filter.run.inputs import discover
from optout.filter.run.plan import Asked
from optout.filter.run.progress import Silence
from optout.filter.run.survey import survey
from optout.registry import Identifier
from optout.registry.identifiers import Kind
from optout.registry.snapshot import Snapshot

PASSAGE = "The harbour lay still, and nobody had told the gulls."


def digits(seed: int) -> str:
    """A hash as pictures have them: half of its bits are set, the first of them."""
    bits = np.random.default_rng(seed).permutation(255) < 127
    return np.packbits(np.append(True, bits)).tobytes().hex()


class Heard(Silence):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """One more."""
        self.notes.append(text)


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable) -> Snapshot:
    """A picture known by each of two hashes alone, a passage, an address and a file."""
    return snapshot_of(
        Identifier.image_phash256(digits(1)),
        Identifier.image_pdq256(digits(2)),
        Identifier.text(PASSAGE),
        Identifier.url("https://anna.example/1"),
        Identifier.file_md5("0" * 32),
    )


PICTURES = "pictures or hashes of them"
KNOWN = "pictures or the hashes by which those are known"


@pytest.mark.parametrize(
    ("roles", "note"),
    [
        ("url text image", ""),
        ("url text md5 phash256 pdq256", ""),
        ("url text md5", f"2 of 5 entries (image) {PICTURES}, except in data: addresses"),
        ("text md5 phash256", f"2 of 5 entries (url 1, image 1) addresses, {KNOWN}"),
        ("url text sha256 pdq256", f"1 of 5 entries (image) {KNOWN}, except in data: addresses"),
        ("url image", "1 of 5 entries (text) passages"),
        (
            "text",
            "4 of 5 entries (url 1, file 1, image 2) "
            f"addresses, files or digests of them, {PICTURES}",
        ),
    ],
)
def test_entries_that_no_column_can_meet_are_counted(
    roles: str, note: str, snapshot: Snapshot
) -> None:
    columns = [DetectedColumn(role, "string", role, "said") for role in roles.split()]
    told = list(unmet_entries(columns, Policy(), snapshot))
    words = "cannot be found here: no column holds "
    assert [text.replace(words, "") for text in told] == ([note] if note else [])


def test_of_kinds_that_are_not_looked_for_nothing_is_said(snapshot: Snapshot) -> None:
    columns = [DetectedColumn("url", "string", "url", "said")]
    assert not list(unmet_entries(columns, Policy(kinds=frozenset({Kind.URL})), snapshot))


@pytest.mark.parametrize(
    ("role", "value", "read_as"),
    [
        ("url", "https://anna.example/1", ""),
        ("url", "data:image/png;base64,AAAA", ""),
        ("url", b"https://anna.example/\xff", ""),
        ("url", "harbour", "url"),
        ("text", "short", "a passage"),
        ("text", PASSAGE, ""),
        ("pdq256", "0" * 16, "pdq256"),
        ("pdq256", "0" * 64, ""),
        ("md5", "0" * 64, "md5"),
        ("account:github", "anna/harbour", ""),
        ("image", "no picture", ""),
    ],
)
def test_a_column_is_strange_where_no_value_is_what_it_was_said_to_be(
    role: str, value: str | bytes, read_as: str, tmp_path: Path
) -> None:
    pq.write_table(
        pa.table({"said": pa.array([value, None, type(value)()])}), tmp_path / "a.parquet"
    )
    seen = survey(discover([str(tmp_path)]), Silence())
    told = list(strange_columns(Asked.of(None, {role: ["said"]}, ()), seen))
    note = f"said: none of 1 sampled values can be read as {read_as}"
    assert told == ([note] if read_as else [])


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_run_tells_of_both_before_it_looks(
    dry_run: bool, snapshot: Snapshot, tmp_path: Path
) -> None:
    table = pa.table(
        {
            "caption": [PASSAGE] * 60,
            "phash": [f"{number:016x}" for number in range(60)],
            "address": ["https://anna.example/1", *[None] * 59],
            "empty": pa.nulls(60, pa.string()),
        }
    )
    (tmp_path / "in").mkdir()
    pq.write_table(table, tmp_path / "in" / "a.parquet")
    heard = Heard()
    filter_dataset(
        tmp_path / "in",
        tmp_path / "out",
        snapshot=snapshot,
        columns={"phash256": ["phash"], "url": ["address"], "md5": ["empty"], "text": ["caption"]},
        dry_run=dry_run,
        progress=heard,
    )
    assert heard.notes == [
        f"1 of 5 entries (image) cannot be found here: no column holds {KNOWN}, "
        "except in data: addresses",
        "phash: none of 60 sampled values can be read as phash256",
    ]
