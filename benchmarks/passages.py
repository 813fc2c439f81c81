"""How fast passages are looked at, against reading their column from Parquet.

    .venv/bin/python benchmarks/passages.py [--rows N] [--entries N] [--plain]

The texts are captions and whole paragraphs of drawn words: plain English, and twenty languages.
The entries are drawn at random, so that hardly any text is a candidate. Times are CPU time,
the best of several rounds: what counts are the ratios, which another machine shares.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from optout.filter.scan.passages import PassageKernel
from optout.filter.scan.picture_kernels import PictureKernel
from optout.filter.scan.words import WordKernel
from optout.registry.identifiers import Kind
from optout.registry.index import build_filter, directory_of, prefix_hosts_of, table_of

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "filter" / "scan"))

from captions import CAPTIONS

BATCH = 1 << 16
ROUNDS = 5
TEXT = frozenset({Kind.TEXT})

ENGLISH = (
    (
        "the of and a in to is with for on by from at it this that boat harbour winter light Anna "
        "photographed bridge evening gulls water, old town. House window; red brick street (2024) "
        '"Lighthouse" people\'s market – bicycle mountain river'
    )
    .replace("–", "-")
    .split()
)
LANGUAGES = [caption.split() for caption in CAPTIONS.values()]


class Held:
    """As much of a snapshot as a kernel asks for, over keys drawn at random.

    Args:
        entries: how many.
    """

    def __init__(self, entries: int) -> None:
        drawn = np.random.default_rng(1).integers(0, 1 << 64, entries, np.uint64)
        self._probes = np.sort(drawn)
        self._kept = [
            build_filter(self._probes),
            self._probes,
            directory_of(self._probes),
            prefix_hosts_of(np.empty(0, np.uint64)),
        ]
        self.counts = {"by_kind": {str(Kind.TEXT): entries}}
        self.probe_tables = np.stack([table_of(*self._kept)])

    def candidates(self, probes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As a snapshot's."""
        places = np.flatnonzero(np.isin(probes, self._probes))
        return places, places


def english(drawn: random.Random, words: int) -> str:
    """A text in ASCII."""
    return " ".join(drawn.choices(ENGLISH, k=words))


def multilingual(drawn: random.Random, words: int) -> str:
    """A text in one of many languages."""
    return " ".join(drawn.choices(drawn.choice(LANGUAGES), k=words))


def measured(work: Callable[[], object]) -> float:
    """Seconds of CPU time of the fastest of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def compare(name: str, texts: list[str], held: Held, folder: Path, *, plain: bool) -> None:
    """Print how long reading and looking take."""
    path = folder / "texts.parquet"
    pq.write_table(
        pa.table({"text": texts}), path, row_group_size=1 << 16, compression="zstd",
        use_dictionary=False,
    )  # fmt: skip
    size = sum(len(text.encode()) for text in texts)
    column = pa.array(texts, pa.large_string()).cast(pa.large_binary())
    batches = [column.slice(start, BATCH) for start in range(0, len(column), BATCH)]
    pictures = PictureKernel(held, TEXT, 30)
    reference = WordKernel(held, TEXT, "text", pictures)
    kernel = PassageKernel(held, TEXT, reference)
    read = measured(lambda: pq.ParquetFile(path).read(["text"], use_threads=False))
    look = measured(lambda: [kernel(batch) for batch in batches])
    line = (
        f"{name:24}{size / len(texts):7.0f} B a row  read {read / size * 1e9:5.2f} ns/B  "
        f"look {look / size * 1e9:5.2f} ns/B, {size / look / 1e9:5.2f} GB/s, "
        f"{len(texts) / look / 1e6:6.2f} Mrow/s  {look / read:5.2f} of reading"
    )
    left = sum(kernel.left(batch) for batch in batches) / len(texts)
    line += f"  {left:.2%} left to the reference"
    if plain:
        start = time.process_time()
        reference(batches[0])
        line += (
            f"  plain {(time.process_time() - start) / len(batches[0]) * len(texts) / look:.0f}x"
        )
    print(line, flush=True)


def main() -> int:
    """Measure captions and paragraphs."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--rows", type=int, default=200_000, help="captions; 200,000 by default")
    parser.add_argument("--entries", type=int, default=1_000_000, help="a million by default")
    parser.add_argument("--plain", action="store_true", help="the reference's time beside it")
    asked = parser.parse_args()
    held, drawn = Held(asked.entries), random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        for kind, make in (("English", english), ("many languages", multilingual)):
            for what, words, part in (("captions", 14, 1), ("paragraphs", 120, 8)):
                texts = [make(drawn, words) for _ in range(asked.rows // part)]
                compare(f"{kind}, {what}", texts, held, Path(folder), plain=asked.plain)
    return 0


if __name__ == "__main__":
    sys.exit(main())
