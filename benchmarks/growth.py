"""How cost grows with entries and cores, and a model of what was not measured."""

from __future__ import annotations

from . import limits, ours
from .found import EXACT, FLOOR, READ, RULES, Found, Result, markdown


def index_table(result: Result) -> str:
    """How the index grows."""
    part = (result.get("parts") or {}).get("index")
    if not part:
        return "Not measured in this run.\n"
    head = ("entries", "built", "memory meanwhile", "bytes an entry", "opens")
    rows = [(*head, "absent keys, M/s", "present keys, M/s")]
    for each in part["sizes"]:
        asked = each["probes_a_second"]["filter, then column"]
        rows.append(
            (
                f"{each['entries']:,}",
                f"{each['build_entries_a_second'] / 1e6:.2f} M/s",
                f"{each['build_anonymous_bytes'] / 1e6:,.0f} MB",
                f"{each['bytes_an_entry']:.1f}",
                f"{each['open_seconds'] * 1e3:.0f} ms",
                f"{asked['misses'] / 1e6:.0f}",
                f"{asked['hits'] / 1e6:.0f}",
            )
        )
    return markdown(rows, right=range(7))


def cores_table(result: Result) -> str:
    """One core against two."""
    found = Found(result)
    rows = [("", "1 core", "2 cores", "gain")]
    for what, job, one, two in (
        (limits.READ, "scan zstd", f"{limits.READ}, 1 thread", READ),
        ("scan, exact urls", "scan zstd", EXACT.replace("2 cores", "1 core"), EXACT),
        ("scan, all url rules", "scan zstd", RULES.replace("2 cores", "1 core"), RULES),
        (limits.CODEC, "encode zstd", f"{limits.CODEC}, 1 thread", FLOOR),
        ("rewrite, 1% of rows", "rewrite zstd urls", f"{ours.NAME}, 1 core", ours.NAME),
    ):
        first, second = found.seconds(job, one), found.seconds(job, two)
        if first and second:
            rows.append((what, f"{first:.2f} s", f"{second:.2f} s", f"{first / second:.2f}x"))
    return markdown(rows, right=(1, 2, 3))


KEYS, LINES_A_KEY = 6.5, 3
"""Keys of a row by all rules for addresses, and cache lines that the filter touches for each."""

LINES_A_SECOND = 1.0e9
"""Random lines that the memory of a machine of 64 cores gives, in eight channels."""

CORES, EFFICIENCY, LARGE = 64, 0.8, 10**9


def model(result: Result) -> str:
    """What a larger machine and registry would do, from what was measured here."""
    found = Found(result)
    one = {
        "exact urls": (found.get("scan zstd", EXACT.replace("2 cores", "1 core")), 1.0),
        "all url rules": (found.get("scan zstd", RULES.replace("2 cores", "1 core")), KEYS),
    }
    part = (result.get("parts") or {}).get("index") or {}
    sizes = part.get("sizes", [])
    rates = [each["probes_a_second"]["filter, then column"]["misses"] for each in sizes]
    if len(rates) > 1:
        decades = len(rates) - 1
        slope = (rates[0] / rates[-1]) ** (1 / decades)  # how much slower by a factor of ten
        left = len(str(LARGE)) - len(str(sizes[-1]["entries"]))
        wanted = result["size"]["entries"]
        near = min(range(len(sizes)), key=lambda n: abs(sizes[n]["entries"] - wanted))
        here = rates[near]
        there = rates[-1] / slope**left
    else:
        here, there = 90e6, 15e6  # measured elsewhere: not in a short run
    rows = [("", "a row, one core, here", "at 1e9 entries", f"{CORES} cores", "bound by")]
    for name, (figure, keys) in one.items():
        if figure is None:
            continue
        now = figure["cpu"] / figure["rows"]
        then = now + keys * (1 / there - 1 / here)
        processor = CORES * EFFICIENCY / then
        memory = LINES_A_SECOND / (keys * LINES_A_KEY)
        bound = "processor" if processor < memory else "memory"
        rows.append(
            (
                name,
                f"{now * 1e9:,.0f} ns",
                f"{then * 1e9:,.0f} ns",
                f"{min(processor, memory) / 1e6:,.0f} Mrow/s",
                bound,
            )
        )
    rewritten = found.get("rewrite zstd urls")
    if rewritten:
        each = rewritten["cpu"] / rewritten["rows"]
        rate = CORES * EFFICIENCY / each
        through = rate * rewritten["bytes"] / rewritten["rows"]
        rows.append(
            (
                "rewrite, 1% of rows",
                f"{each * 1e9:,.0f} ns",
                "the same",
                f"{rate / 1e6:,.1f} Mrow/s",
                f"processor, if the disk reads and writes {through / 1e9:,.1f} GB/s",
            )
        )
    return markdown(rows, right=(1, 2, 3))
