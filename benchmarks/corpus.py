"""Shards as a crawl's are, and always the same ones: addresses with captions.

Every row follows from its own number and a seed, so that any slice can be made again. Addresses
average 75 bytes. So many of a thousand are written as a browser would not write them, after what
is seen in public crawls: escapes 45, query strings 375, upper-case hosts 1, ports 3, letters
outside of ASCII 4, fragments 4, a user's name 0.1, dot segments and doubled slashes 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit, uint64

from .measuring import LEVELS

SEED = 20261123
VOCABULARY = 60_000
HOSTS = 300_000
DEFAULT_CODECS = ("zstd", "snappy")
_VOWELS = "aeiou"
_CONSONANTS = "bcdfglmnprstv"
_ENDINGS = [
    "com",
    "com",
    "com",
    "com",
    "org",
    "net",
    "de",
    "co.uk",
    "fr",
    "ru",
    "info",
    "io",
    "com.br",
    "it",
    "pl",
]
_PLATFORMS = ["www.flickr.com", "github.com", "www.deviantart.com", "medium.com", "twitter.com"]
_WORD_BITS, _HOST_BITS = 20, 21
_LONGEST_URL, _LONGEST_TEXT = 400, 1000


@dataclass(frozen=True)
class Words:
    """Byte strings back to back, and how often each is drawn.

    Attributes:
        data: their bytes.
        offsets: where each begins; one more for the end.
        drawn: a number of so many bits is looked up here and gives a word.
    """

    data: np.ndarray
    offsets: np.ndarray
    drawn: np.ndarray

    @classmethod
    def of(cls, words: list[bytes], exponent: float, bits: int) -> Words:
        """Words in the order of their frequency, which falls by a power."""
        weights = 1 / np.arange(1, len(words) + 1) ** exponent
        points = (np.arange(1 << bits) + 0.5) / (1 << bits)
        drawn = np.searchsorted(np.cumsum(weights / weights.sum()), points)
        offsets = np.zeros(len(words) + 1, np.int64)
        offsets[1:] = np.cumsum([len(word) for word in words])
        data = np.frombuffer(b"".join(words), np.uint8)
        return cls(data, offsets, np.minimum(drawn, len(words) - 1).astype(np.int32))


@cache
def vocabulary() -> list[str]:
    """Words that can be said, the frequent ones short."""
    random = np.random.default_rng(SEED)
    syllables = [c + v for c in _CONSONANTS for v in _VOWELS] + [
        v + c for v in "aeiou" for c in "lnrst"
    ]
    lengths = 1 + (np.arange(VOCABULARY) > 50) + (np.arange(VOCABULARY) > 2000)
    lengths = lengths + (random.random(VOCABULARY) < 0.5) + (random.random(VOCABULARY) < 0.2)
    picks = iter(random.integers(0, len(syllables), int(lengths.sum())).tolist())
    return ["".join(syllables[next(picks)] for _ in range(n)) for n in lengths.tolist()]


@cache
def hosts() -> list[str]:
    """Distinct hosts, the frequent ones first."""
    random = np.random.default_rng(SEED + 1)
    words = vocabulary()
    first, second = random.integers(0, VOCABULARY, (2, HOSTS)).tolist()
    chance = random.random((4, HOSTS)).tolist()
    endings = random.integers(0, len(_ENDINGS), HOSTS).tolist()
    found = []
    for n in range(HOSTS):
        start = "www." if chance[0][n] < 0.55 else "cdn." if chance[0][n] < 0.63 else ""
        middle = words[first[n]] + ("-" if chance[1][n] < 0.3 else "") + words[second[n]]
        digits = str(n % 97) if chance[2][n] < 0.1 else ""
        found.append(f"{start}{middle}{digits}.{_ENDINGS[endings[n]]}")
    # What people publish on lies among the frequent ones.
    for rank, platform in enumerate(_PLATFORMS):
        found.insert(20 + 15 * rank, platform)
    return list(dict.fromkeys(found))


@cache
def _tables() -> tuple[Words, Words]:
    words = Words.of([word.encode() for word in vocabulary()], 1.05, _WORD_BITS)
    return words, Words.of([host.encode() for host in hosts()], 0.9, _HOST_BITS)


@njit("uint64(uint64)", cache=True)
def _mixed(number):  # pragma: no cover
    """SplitMix64's finaliser."""
    number = (number ^ (number >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> uint64(27))) * uint64(0x94D049BB133111EB)
    return number ^ (number >> uint64(31))


@njit(cache=True)
def _put(out, at, data, start, end):
    for k in range(start, end):
        out[at] = data[k]
        at += 1
    return at


@njit(cache=True)
def _write_urls(
    first,
    count,
    seed,
    dirty,
    words,
    word_at,
    drawn,
    hosts,
    host_at,
    drawn_hosts,
    marks,
    mark_at,
    out,
    ends,
):
    """Write addresses; the rows' random numbers come from their own numbers alone."""
    w = 0
    for row in range(count):
        state = _mixed(uint64(first + row) * uint64(0x9E3779B97F4A7C15) + uint64(seed))
        r = _mixed(state + uint64(1))
        odd = np.int64((_mixed(state + uint64(2)) >> uint64(20)) % uint64(10000)) if dirty else 9999
        w = _put(
            out,
            w,
            marks,
            mark_at[0] if r & uint64(7) else mark_at[1],
            mark_at[1] if r & uint64(7) else mark_at[2],
        )
        if odd == 0:  # user@
            w = _put(out, w, marks, mark_at[2], mark_at[3])
        host = drawn_hosts[np.int64(r >> uint64(43))]
        start = w
        w = _put(out, w, hosts, host_at[host], host_at[host + 1])
        if 1 <= odd < 11:
            for k in range(start, w):
                if 97 <= out[k] <= 122 and (k - start) % 3 == 0:
                    out[k] -= 32
        elif 11 <= odd < 41:  # :8080
            w = _put(out, w, marks, mark_at[3], mark_at[4])
        segments = 1 + np.int64((r >> uint64(3)) & uint64(3))
        for segment in range(segments):
            out[w] = 47
            w += 1
            if segment == 0 and 41 <= odd < 61:  # ./ or /
                at = 4 + odd % 2
                w = _put(out, w, marks, mark_at[at], mark_at[at + 1])
            length = 3 + np.int64((r >> uint64(8)) % uint64(3)) if segment == segments - 1 else 1
            for n in range(length):
                state += uint64(0x9E3779B97F4A7C15)
                word = drawn[np.int64(_mixed(state) >> uint64(44))]
                if n:
                    if 61 <= odd < 511 and n == 1:  # an escape
                        at = 6 + odd % 4
                        w = _put(out, w, marks, mark_at[at], mark_at[at + 1])
                    elif 511 <= odd < 551 and n == 1:  # a letter outside of ASCII
                        w = _put(out, w, marks, mark_at[10], mark_at[11])
                    else:
                        out[w] = 45
                        w += 1
                w = _put(out, w, words, word_at[word], word_at[word + 1])
        form = np.int64((r >> uint64(16)) & uint64(7))
        if form < 5:
            out[w] = 45
            w += 1
        else:  # ?id=
            w = _put(out, w, marks, mark_at[11], mark_at[12])
        state += uint64(0x9E3779B97F4A7C15)
        number = _mixed(state) >> uint64(34)
        for _ in range(9):
            out[w] = 48 + number % uint64(10)
            number //= uint64(10)
            w += 1
        if form < 3:  # .jpg
            w = _put(out, w, marks, mark_at[12], mark_at[13])
        elif form == 3:
            out[w] = 47
            w += 1
        if 551 <= odd < 591:  # #top
            w = _put(out, w, marks, mark_at[13], mark_at[14])
        ends[row + 1] = w
    return w


@njit(cache=True)
def _write_texts(first, count, seed, words, word_at, drawn, out, ends):
    """Write sentences of 300 to 900 bytes."""
    w = 0
    for row in range(count):
        state = _mixed(uint64(first + row) * uint64(0xD1342543DE82EF95) + uint64(seed))
        end = w + 300 + np.int64((state >> uint64(20)) % uint64(601))
        said = 0
        while w < end:
            state += uint64(0x9E3779B97F4A7C15)
            r = _mixed(state)
            word = drawn[np.int64(r >> uint64(44))]
            start = w
            w = _put(out, w, words, word_at[word], word_at[word + 1])
            if said == 0:
                out[start] -= 32
            said += 1
            if said > 6 and (r & uint64(15)) == 0:
                out[w] = 46
                w += 1
                said = 0
            out[w] = 32
            w += 1
        w -= 1
        ends[row + 1] = w
    return w


_MARKS = [
    "https://",
    "http://",
    "anna@",
    ":8080",
    "./",
    "/",
    "%20",
    "%C3%A9",
    "%2F",
    "%7E",
    "é",
    "?id=",
    ".jpg",
    "#top",
]


def _strings(count: int, data: np.ndarray, used: int, ends: np.ndarray) -> pa.StringArray:
    copied = pa.py_buffer(data[:used].copy())
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), copied)


def urls(first: int, count: int, *, dirty: bool = True, seed: int = SEED) -> pa.StringArray:
    """The addresses of some rows; other seeds give others, which no row has.

    Args:
        first: the first row.
        count: how many.
        dirty: some are written as no browser would write them; otherwise all are canonical but
            for their scheme.
        seed: of the whole.
    """
    words, hosts_ = _tables()
    marks = Words.of([mark.encode() for mark in _MARKS], 1, 1)
    out, ends = np.empty(count * _LONGEST_URL, np.uint8), np.zeros(count + 1, np.int32)
    used = _write_urls(
        first, count, seed, dirty,
        words.data, words.offsets, words.drawn,
        hosts_.data, hosts_.offsets, hosts_.drawn,
        marks.data, marks.offsets, out, ends,
    )  # fmt: skip
    return _strings(count, out, used, ends)


def texts(first: int, count: int) -> pa.StringArray:
    """The captions of some rows."""
    words, _ = _tables()
    out, ends = np.empty(count * _LONGEST_TEXT, np.uint8), np.zeros(count + 1, np.int32)
    used = _write_texts(first, count, SEED, words.data, words.offsets, words.drawn, out, ends)
    return _strings(count, out, used, ends)


def rows(first: int, count: int) -> pa.Table:
    """Some rows with all their columns."""
    random = np.random.default_rng([SEED, first])
    digests = pa.py_buffer(random.bytes(16 * count))
    languages = np.array(["en", "de", "fr", "ru", "es"])
    table = pa.table(
        {
            "id": np.arange(first, first + count),
            "url": urls(first, count),
            "text": texts(first, count),
            "width": random.integers(64, 4096, count).astype(np.int32),
            "height": random.integers(64, 4096, count).astype(np.int32),
            "similarity": random.random(count).astype(np.float32),
            "key": pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), count, [None, digests]),
            "lang": languages[np.minimum(random.geometric(0.6, count) - 1, 4)],
        }
    )
    return table.replace_schema_metadata({"huggingface": '{"info": {}}'})


def groups(total: int, group_rows: int) -> Iterator[pa.Table]:
    """The row groups of a shard."""
    for first in range(0, total, group_rows):
        yield rows(first, min(group_rows, total - first))


def _write_group(group: pa.Table, writer: pq.ParquetWriter) -> None:
    writer.write_table(group, row_group_size=group.num_rows)


def write(
    folder: Path, total: int, group_rows: int, codecs: tuple[str, ...] = DEFAULT_CODECS
) -> dict[str, Path]:
    """Write the same shard once for every codec.

    Returns:
        The shards, by codec.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {codec: folder / f"{codec}.parquet" for codec in codecs}
    schema = rows(0, 1).schema
    writers = [
        pq.ParquetWriter(path, schema, compression=codec, compression_level=LEVELS[codec])
        for codec, path in paths.items()
    ]
    with ThreadPoolExecutor(len(writers)) as pool:
        for group in groups(total, group_rows):
            list(pool.map(partial(_write_group, group), writers))
    for writer in writers:
        writer.close()
    return paths
