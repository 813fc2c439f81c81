"""From a finished run to its contact sheet: shards and evidence say what is on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from .copies import fitted, jpeg
from .corpus import Corpus, Part
from .photographs import REGISTERED, load
from .sheet import Line, Sheet, Tile, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    from optout.filter import RunReport


def draw(truth: Corpus, evidence: Path, report: RunReport) -> str:
    """The contact sheet of a run, as HTML.

    Args:
        truth: the corpus; only its words for each copy are taken on trust.
        evidence: the folder beside the clean shards.
        report: what the run counted.
    """
    return render(sheet_of(truth, evidence, report))


def sheet_of(truth: Corpus, evidence: Path, report: RunReport) -> Sheet:
    """Everything that the contact sheet shows."""
    from optout.registry.images import DEFAULT_RADIUS

    copies: list[Tile] = []
    resembling: list[Tile] = []
    went: list[Line] = []
    stayed: list[Line] = []
    all_distances: list[int] = []
    look_alike = 0
    for shard in truth.shards:
        dropped = _dropped(evidence / f"{shard.name}.matches.parquet")
        distances = _distances(
            {number: row.picture for number, row in enumerate(shard.rows) if row.picture}
        )
        all_distances += distances.values()
        for number, row in enumerate(shard.rows):
            place = f"{shard.name} row {number:,}"
            why = dropped.get(number)
            tile = Tile(row.picture or b"", row.note, place, distances.get(number))
            if why is not None and why.startswith("image"):
                copies.append(tile)
            elif why is not None:
                went.append(Line(row.url, place, why))
            elif row.part in {Part.LOOK_ALIKE, Part.UNSEEN}:
                resembling.append(tile)
                if row.part is Part.LOOK_ALIKE:
                    look_alike = distances[number]
            elif row.part is Part.NEIGHBOUR:
                stayed.append(Line(row.url, place))
    return Sheet(
        registered=jpeg(fitted(load(REGISTERED), 720), 85),
        numbers=[
            ("records in", f"{report.rows_in:,}"),
            ("went", f"{report.rows_dropped:,}"),
            ("stayed", f"{report.rows_kept:,}"),
        ],
        radius=DEFAULT_RADIUS,
        copies=copies,
        resembling=sorted(resembling, key=lambda tile: tile.distance or 0),
        distances=all_distances,
        look_alike=look_alike,
        went=went,
        stayed=stayed,
        evidence=evidence.name,
    )


def _dropped(path: Path) -> dict[int, str]:
    """Dropped rows and the first reason for each, as the run wrote them down."""
    reasons: dict[int, str] = {}
    for match in pq.read_table(path).to_pylist():
        if match["verdict"] == "drop":
            reasons.setdefault(match["row"], f"{match['kind']}, entry {match['entry']}")
    return reasons


def _distances(pictures: Mapping[int, bytes]) -> dict[int, int]:
    """Each picture's distance to the nearest variant of the registered photograph, in bits.

    A picture's mirror image counts too: the nearer of the two.
    """
    from optout.registry.images import phash, sighted_hashes, variants

    registered = np.stack(
        [_bits(phash(variant, 16)) for variant in variants(load(REGISTERED)).values()]
    )
    return {
        number: min(int((registered ^ _bits(way)).sum(1).min()) for way in sighted_hashes(data))
        for number, data in pictures.items()
    }


def _bits(packed: bytes) -> npt.NDArray[np.uint8]:
    return np.unpackbits(np.frombuffer(packed, np.uint8))
