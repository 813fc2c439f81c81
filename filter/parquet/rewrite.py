"""Taking rows out of a shard and leaving everything else as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from optout.filter.errors import ShardError

from .assembly import Assembly
from .compact import Struct
from .encoding import Encoder
from .footer import FileField, GroupField, parse_footer, read_footer
from .pipeline import Pipeline
from .tail import AGAIN, opened, read_tail, shard_faults
from .transfer import FileSource, MemorySource, Output, SourceError

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RewriteReport:
    """What was written.

    Attributes:
        rows_in: rows of the input.
        rows_out: rows of the output.
        size: bytes of the output.
        sha256: hex, of the output.
        how: `copied`, `spliced` (clean row groups were copied) or `rewritten` (all were encoded).
        why: the reason for `how`, in words.
    """

    rows_in: int
    rows_out: int
    size: int
    sha256: str
    how: str
    why: str


def copy(source: Path, stream: IO[bytes], *, name: str | None = None) -> RewriteReport:
    """Write a shard from which nothing is removed: the input's bytes.

    Args:
        source: the input shard.
        stream: where to; at its beginning.
        name: what to call the shard in messages; its path by default.

    Raises:
        ShardError: the input cannot be read, or is no Parquet file.
        OSError: the output cannot be written.
    """
    name = name or str(source)
    with opened(source, name) as file, _source_faults(name):
        rows = parse_footer(read_tail(file, name).footer, name).value(FileField.ROWS)
        with shard_faults(name):
            origin = FileSource(file)
        with Output(stream) as output:
            origin.send(output, 0, origin.size)
    return RewriteReport(rows, rows, output.position, output.sha256, "copied", "nothing to remove")


@contextmanager
def _source_faults(name: str) -> Iterator[None]:
    try:
        yield
    except SourceError as fault:
        raise ShardError(name, f"{name} cannot be read: {fault}", AGAIN) from fault


def rewrite(
    source: Path,
    stream: IO[bytes],
    removed: Rows,
    *,
    name: str | None = None,
    threads: int = 1,
    compression_level: int | None = None,
) -> RewriteReport:
    """Write a shard without some of its rows.

    Row order, all other rows bit by bit, columns, types, metadata, codecs, encodings, page version
    and row groups stay, and what had statistics, page indexes, checksums or Bloom filters has them
    again. A row group of more than `PIECE_BYTES` is cut, and one that is emptied goes. Key-values
    stay as they are, so that the row count in a pandas RangeIndex is the input's (pandas passes
    over a range of another length).

    No removed value is left: what is encoded anew is made from the kept rows alone. Decimals in
    variable length lose their statistics, whose order pyarrow does not know. The bytes depend on
    the input's bytes, the removed rows and the level alone, for one version of pyarrow.

    Row groups without a removed row are copied, by the kernel where it can; the others are decoded
    and encoded by threads beside that. Each thread holds a piece, decoded and encoded, and one
    more may wait for its turn.

    Args:
        source: the input shard.
        stream: where to; at its beginning.
        removed: numbers of the rows to leave out, strictly ascending, counted from 0.
        name: what to call the shard in messages; its path by default.
        threads: how many decode and encode.
        compression_level: of row groups that are encoded anew, as their codec counts; the nearest
            level that the codec has. No footer says at which level a file was written: where None,
            it is the one that pyarrow takes by itself.

    Raises:
        ShardError: the input cannot be read, or cannot be written again as it is.
        ValueError: `removed` is not ascending, or names a row that is not there.
        OSError: the output cannot be written.
    """
    name = name or str(source)
    removed = np.asarray(removed, dtype=np.int64)
    if not len(removed):
        return copy(source, stream, name=name)
    with opened(source, name) as file, _source_faults(name):
        footer = read_footer(read_tail(file, name), name)
        rows = _count_rows(footer, name)
        if removed[0] < 0 or removed[-1] >= rows or (np.diff(removed) <= 0).any():
            raise ValueError(f"the removed rows of {name} are not ascending rows of it")
        with shard_faults(name):
            origin = FileSource(file)
        encoder = Encoder(source, origin, footer, removed, name, level=compression_level)
        groups: list[Struct] = list(footer.value(FileField.ROW_GROUPS))
        some, every = encoder.touched()
        pipeline = Pipeline(
            *(sorted(some), encoder.pieces, encoder.encode, encoder.is_large), threads=threads
        )
        with Output(stream) as output, pipeline:
            assembly = Assembly(output, footer, encoder.leaves, name)
            for number, group in enumerate(groups):
                if number in some:
                    for encoded in pipeline.take(number):
                        for part in encoded.footer(name).value(FileField.ROW_GROUPS):
                            assembly.graft(MemorySource(encoded.file), part, group)
                        encoder.release(encoded)
                        del encoded  # before the next piece is decoded
                elif number not in every:
                    assembly.splice(origin, group)
            assembly.finish()
    how, why = _told(encoder, len(groups) - len(some) - len(every), some)
    return RewriteReport(rows, rows - len(removed), output.position, output.sha256, how, why)


def _told(encoder: Encoder, spliced: int, anew: set[int]) -> tuple[str, str]:
    if encoder.obstacle:
        how, why = "rewritten", encoder.obstacle
    elif spliced:
        how, why = "spliced", f"{spliced} row groups have no row to remove"
    else:
        how, why = "rewritten", "every row group has rows to remove"
    levels = encoder.levels(anew)
    if levels:
        told = ", ".join(f"{codec} at level {level}" for codec, level in levels.items())
        why += f"; encoded anew with {told}"
    return how, why


def _count_rows(footer: Struct, name: str) -> int:
    rows = sum(group[GroupField.ROWS][1] for group in footer.value(FileField.ROW_GROUPS))
    if rows != footer.value(FileField.ROWS):
        with shard_faults(name):
            raise ValueError("its row groups have not as many rows as its footer says")
    return int(rows)
