"""How fast addresses are looked at, against reading their column from Parquet.

    .venv/bin/python benchmarks/addresses.py [--rows N] [--entries N] [--plain]

The addresses are drawn as a crawl of pictures has them, as far as counts of such crawls were
published; the entries are drawn at random, so that hardly any address is a candidate. Times are CPU
time, the best of several rounds: what counts are the ratios, which another machine shares.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from optout.filter.scan.addresses import AddressKernel
from optout.filter.scan.picture_kernels import PictureKernel
from optout.filter.scan.words import WordKernel
from optout.registry.identifiers import Kind
from optout.registry.index import build_filter, directory_of, prefix_hosts_of, table_of

BATCH = 1 << 15
ROUNDS = 7
ALL = frozenset({Kind.URL, Kind.SITE, Kind.PREFIX, Kind.ACCOUNT})

ENDS = ["com", "com", "com", "com", "net", "org", "co.uk", "de", "ru", "com.br", "it", "fr", "info"]
FOLDERS = ["images", "wp-content/uploads", "media/catalog/product", "photos", "static/img", "cdn"]
PLATFORMS = [
    "{}.blogspot.com/{}.html",
    "i.pinimg.com/736x/{}/{}.jpg",
    "www.flickr.com/photos/{}/{}",
    "www.pinterest.com/{}/{}/",
    "{}.wordpress.com/{}.jpg",
    "www.instagram.com/{}/p/{}",
    "{}.tumblr.com/post/{}",
    "www.facebook.com/{}/photos/{}",
    "medium.com/@{}/{}",
]
ESCAPES = ["%20", "%C3%A9", "%2C", "%d0%b0%d1%84", "%28", "%29", "%2B", "%7E", "%26"]
LETTERS = ["é", "ü", "картина", "写真", "ñ", "ø"]
PUNYCODE = ["xn--bcher-kva", "xn--80ak6aa92e", "xn--mnchen-3ya", "xn--e1afmkfd", "xn--caf-dma"]


def crawl(rows: int, seed: int = 1) -> list[str]:
    """Addresses as dirty as those of a crawl."""
    drawn = random.Random(seed)
    names = [_word(drawn, 4, 14) for _ in range(max(1, rows // 20))]
    return [_address(drawn, names) for _ in range(rows)]


def _word(drawn: random.Random, least: int, most: int) -> str:
    return "".join(
        drawn.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=drawn.randint(least, most))
    )


def _address(drawn: random.Random, names: list[str]) -> str:
    chance = drawn.random
    scheme = "https://" if chance() < 0.6 else "http://"
    name = names[int(len(names) * chance() ** 3)]
    if chance() < 0.03:
        form = drawn.choice(PLATFORMS)
        return scheme + form.format(name, _word(drawn, 8, 24))
    host = f"{drawn.choice(['www', 'img', 'cdn', 'static'])}." if chance() < 0.6 else ""
    host += f"{name}.{drawn.choice(ENDS)}"
    if chance() < 0.003:
        host = f"{drawn.choice(PUNYCODE)}.{drawn.choice(ENDS)}"
    if chance() < 0.001:
        host = ".".join(str(drawn.randrange(1, 255)) for _ in range(4))
    if chance() < 0.005:
        host = host.title()
    if chance() < 0.003:
        host += drawn.choice([":80", ":8080", ":443", ":8000"])
    if chance() < 0.0001:
        host = f"user:word@{host}"
    if chance() < 0.02:
        return scheme + host + ("/" if chance() < 0.7 else "")
    parts = [drawn.choice(FOLDERS), str(drawn.randrange(1990, 2024)), _word(drawn, 6, 30)]
    path = "/".join(parts[drawn.randrange(3) :]) + drawn.choice([".jpg", ".jpg", ".png", ".webp"])
    if chance() < 0.12:
        for _ in range(drawn.randint(1, 4)):
            place = drawn.randrange(len(path) - 4)
            path = path[:place] + drawn.choice(ESCAPES) + path[place:]
    if chance() < 0.01:
        path = drawn.choice(LETTERS) + path
    if chance() < 0.005:
        path = path.replace("/", "//", 1)
    if chance() < 0.002:
        path = drawn.choice(["./", "../", "a/../"]) + path
    if chance() < 0.003:
        path = path[:4] + drawn.choice([" ", "[1]", "|", "'"]) + path[4:]
    if chance() < 0.25:
        path += f"?w={drawn.randrange(4000)}&v={_word(drawn, 4, 12)}"
    if chance() < 0.01:
        path += f"#{_word(drawn, 3, 8)}"
    if chance() < 0.0002:
        return f"{host}/{path}"
    if chance() < 0.0005:
        path += drawn.choice([" ", "\n"])
    return f"{scheme}{host}/{path}"


class Drawn:
    """An index of probes that were drawn at random, a fifth of them prefixes."""

    def __init__(self, entries: int) -> None:
        probes = np.random.default_rng(3).integers(0, 1 << 64, entries, np.uint64)
        probes.sort()
        hosts = np.random.default_rng(4).integers(0, 1 << 32, max(1, entries // 50), np.uint32)
        hosts.sort()
        self._parts = build_filter(probes), probes, directory_of(probes), prefix_hosts_of(hosts)
        self.probe_tables = table_of(*self._parts).reshape(1, -1)
        self.counts = {"by_kind": {str(kind): 1 for kind in ALL}}

    def candidates(self, probes):
        """As `Snapshot.candidates`."""
        found = self._parts[1].searchsorted(probes)
        found = np.minimum(found, len(self._parts[1]) - 1)
        positions = np.flatnonzero(self._parts[1][found] == probes)
        return positions, positions


def best(work: Callable[[], object]) -> float:
    """Seconds of CPU that some work takes at best."""
    least = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        least = min(least, time.process_time() - start)
    return least


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1 << 19)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--plain", action="store_true", help="the plain kernel too")
    given = parser.parse_args()
    addresses = crawl(given.rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "urls.parquet"
        # Large, as scans look at them: otherwise a conversion would be measured too.
        table = pa.table({"url": pa.array(addresses, pa.large_string())})
        pq.write_table(table, path, compression="zstd", row_group_size=100_000)
        _measure(path, Drawn(given.entries), given.rows, plain=given.plain)


def _measure(path: Path, drawn: Drawn, rows: int, *, plain: bool) -> None:
    reading = best(lambda: _read(path, len))
    print(f"{rows:,} addresses; reading the column takes {reading / rows * 1e9:.1f} ns a row")
    for kinds in (frozenset(), *({kind} for kind in sorted(ALL)), {Kind.URL, Kind.SITE}, ALL):
        slow = WordKernel(drawn, frozenset(kinds), "url", PictureKernel(drawn, frozenset(), 30))
        fast = AddressKernel(drawn, frozenset(kinds), slow)
        left: list[int] = []
        _read(path, lambda batch, fast=fast, left=left: left.append(_left(fast, batch)))
        spent = best(lambda fast=fast: _read(path, fast))
        words = f"{sum(left) / rows:.3%} left to the reference"
        if plain:
            few = pa.array([each.encode() for each in crawl(1 << 13)], pa.large_binary())
            took = best(lambda slow=slow, few=few: slow(few))
            words += f"; the plain kernel takes {took / len(few) * 1e9:,.0f} ns a row"
        name = "all" if kinds == ALL else "+".join(sorted(kinds)) or "states only"
        each = (spent - reading) / rows * 1e9
        print(f"{name:<12} {each:6.1f} ns a row, {spent / reading:.2f} times reading; {words}")


def _left(kernel: AddressKernel, batch: pa.LargeBinaryArray) -> int:
    return int((kernel._look(batch)[0] == 0).sum())


def _read(path: Path, look: Callable[[pa.LargeBinaryArray], object]) -> None:
    with pq.ParquetFile(path, memory_map=True) as file:
        for batch in file.iter_batches(BATCH, columns=["url"], use_threads=False):
            look(batch.column(0).view(pa.large_binary()))


if __name__ == "__main__":
    main()
