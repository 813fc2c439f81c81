"""What is promised, and whether it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import limits, ours
from .found import EXACT, FLOOR, READ, RULES, Found, Result, ratio, table_seconds


@dataclass(frozen=True)
class Bar:
    """One promise.

    Attributes:
        what: is measured.
        bar: what is promised, in words.
        value: what was found; None where it was not measured.
        shown: the same in words.
        met: whether the promise is kept.
        limit: what keeps it from being faster.
    """

    what: str
    bar: str
    value: float | None
    shown: str
    met: bool
    limit: str

    def row(self) -> tuple[str, ...]:
        """For a table."""
        state = "not measured" if self.value is None else "met" if self.met else "**missed**"
        return self.what, self.bar, self.shown, state, self.limit


def bars(result: Result, clock: str = "seconds") -> Iterator[Bar]:
    """Every promise, in the order in which they were made.

    Args:
        result: of a run.
        clock: `seconds`, or `cpu`, which other work on the machine disturbs less.
    """
    found = Found(result, clock)
    size = result["size"]

    def bar(
        what: str, words: str, value: float | None, limit: str, met: Callable[[float], bool],
        show: str = "{:.2f}x",
    ) -> Bar:  # fmt: skip
        shown = "" if value is None else show.format(value)
        return Bar(what, words, value, shown, value is not None and met(value), limit)

    entries = f"{size['entries']:,} entries"
    read = found.seconds("scan zstd", READ)
    for name, what, most in (
        (EXACT, "exact urls", 1.5),
        (RULES, "all kinds of url rules", 2.5),
    ):
        yield bar(
            f"scan, {what}, {entries}",
            f"at most {most}x reading the url column",
            ratio(found.seconds("scan zstd", name), read),
            "start of the process, decoding, then hashing and fetching from memory",
            lambda value, most=most: value <= most,
        )
    mask = found.get("mask zstd urls")
    for apart in (False, True):
        best = found.best("mask zstd urls", apart=apart)
        value = None
        if best and mask:
            value = (best[clock] - (apart and table_seconds(best))) / mask[clock]
        name = f" ({best['name'].split()[0]})" if best else ""
        yield bar(
            f"mask, {entries}" + (", the peer's table loaded already" if apart else ""),
            f"at least 2x the best peer that says which rows{name}",
            value,
            "decoding the url column",
            lambda value: value >= 2,
        )
    rewriting = found.best("rewrite zstd urls")
    yield bar(
        f"mask, {entries}",
        "at least 20x the best peer that rewrites",
        ratio(
            found.rate("mask zstd urls"),
            rewriting and rewriting["rows"] / rewriting[clock],
        ),
        "decoding the url column",
        lambda value: value >= 20,
    )
    copy, scan = found.seconds("copy zstd", limits.COPY), found.seconds("scan one zstd")
    allowed = None if copy is None or scan is None else 1.5 * copy + scan
    yield bar(
        "rewrite, no hit",
        "at most 1.5x `cp` plus the scan",
        ratio(found.seconds("rewrite zstd nothing"), allowed),
        "copying, and waiting until the disk has it (`cp` does not wait)",
        lambda value: value <= 1,
        "{:.2f} of that",
    )
    best = found.best("rewrite zstd clustered")
    yield bar(
        "rewrite, a hit in 10% of row groups",
        "at least 4x the best peer",
        ratio(best and best[clock], found.seconds("rewrite zstd clustered")),
        "encoding those row groups; the others are copied",
        lambda value: value >= 4,
    )
    own, best = found.get("rewrite zstd urls"), found.best("rewrite zstd urls")
    own_memory = ratio(own and own["anonymous"], best and best["anonymous"]) or 0
    codec = "decoding and encoding everything: the codec"
    yield bar(
        "rewrite, 1% of rows everywhere",
        "no slower than the best peer",
        ratio(best and best[clock], own and own[clock]),
        codec,
        lambda value: value >= 1,
    )
    yield bar(
        "the same, memory",
        "at most half of the best peer's",
        ratio(own and own["resident"], best and best["resident"]),
        "row groups in flight; mapped files count too",
        lambda value: value <= 0.5,
        f"{{:.2f}} of it; {own_memory:.2f} without mapped files",
    )
    yield bar(
        "the same, codec floor",
        "at most 1.2x decoding and encoding with pyarrow",
        ratio(own and own[clock], found.seconds("encode zstd", FLOOR)),
        codec,
        lambda value: value <= 1.2,
    )
    index = found.index(10**8)
    count = f"{index['entries']:,}" if index else "1e8"
    for what, words, key, show, limit, met in (
        ("opens", "under 0.5 s", "open_seconds", "{:.3f} s", "reading `snapshot.json`",
         lambda value: value < 0.5),
        ("size", "64 bytes an entry", "bytes_an_entry", "{:.1f} bytes", "digest, probe, entry",
         lambda value: value <= 64),
        ("built", "1M entries a second", "build_entries_a_second", "{:,.0f} a second",
         "sorting, and one pass more over the disk", lambda value: value >= 1e6),
    ):  # fmt: skip
        value = index[key] if index else None
        yield bar(f"snapshot of {count} identifiers: {what}", words, value, limit, met, show)
    yield bar(
        "`verify` as it is by default",
        "at least half of the scan's rate",
        ratio(found.rate("verify zstd"), found.rate("verify zstd", f"{ours.NAME}, scan")),
        "its own detection over every leaf, and the sample by the reference",
        lambda value: value >= 0.5,
    )
    yield bar(
        "a tiny shard, kernels cached",
        "under 2 s from shell to shell",
        found.seconds("tiny"),
        "importing; kernels are loaded from their cache",
        lambda value: value < 2,
        "{:.2f} s",
    )
