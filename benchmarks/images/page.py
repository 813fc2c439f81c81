"""From what was measured to a page and two pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from optout.registry.images import SHAPES, VARIANTS

from benchmarks.found import Result, markdown
from benchmarks.measuring import ROOT

from . import plots, tail
from .false_matches import upper_bound
from .packages import PHOTOGRAPHS

PAGE = ROOT / "docs" / "images.md"
RECALL = ROOT / "docs" / "images-recall.svg"
TAIL = ROOT / "docs" / "images-tail.svg"


def facts(result: Result) -> str:
    """When, with what, how many."""
    listed = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    found, tails = result["photographs"], result["tails"]
    copied = result["robustness"][0]["copies"]
    missing = result["packages"]["missing"]
    left = f" **Not to be had: {', '.join(missing)}.**" if missing else ""
    drawn = sum(each["pictures"] for each in result["classes"]) - found["distinct"]
    return (
        f"Measured {result['date']}; {listed}. **{found['distinct']} distinct photographs** "
        f"({found['files']} files, without copies; {found['plain']} too plain to be registered), "
        f"at most {result['size']['side']} pixels a side. {copied} of them "
        f"were copied in every way; {tails['parts']} parts of each of {tails['photographs']:,} "
        f"were compared for the tail. There are {drawn:,} other pictures.{left}\n"
    )


def variants(result: Result) -> str:
    """How many hashes a photograph is looked for by."""
    counts = dict(result["photographs"]["variants"])
    faint, registered = counts.pop("faint"), counts["original"]
    coarse = sum(counts[name] for name in VARIANTS if name not in SHAPES)
    return (
        f"Of {registered} photographs that are registered {faint} have faint parts that count: "
        f"{coarse} of all {sum(counts.values()):,} variants are coarse forms. That is "
        f"{sum(counts.values()) / registered:.2f} variants a photograph.\n"
    )


def packages_table(result: Result) -> str:
    """Where the pictures are from."""
    rows = [("package", "licence, as it states it", "photographs", "other pictures")]
    for each in result["packages"]["packages"]:
        counts = dict(each["pictures"])
        own = counts.pop(PHOTOGRAPHS, 0)
        others = ", ".join(f"{count:,} {sort}" for sort, count in counts.items())
        if own or others:
            rows.append((f"`{each['name']}`", each["licence"], f"{own or ''}", others))
    return markdown(rows, right=(2,))


def recall_table(result: Result) -> str:
    """The share of copies found, by what was done to them."""
    rows = [
        (
            "", "what was done", "phash256 ≤ 30", "promised", "the original alone",
            "phash256 ≤ 16", "PDQ ≤ 31", "phash64 ≤ 8", "phash64 ≤ 2", "bits: middle, furthest",
        )
    ]  # fmt: skip
    last = ""
    for line in result["robustness"]:
        found = line["found"]
        rows.append(
            (
                "" if line["group"] == last else f"**{line['group']}**",
                line["name"],
                _percent(found["phash256 30"]),
                _state(line),
                _percent(line["alone"]),
                *(
                    _percent(found[each])
                    for each in ("phash256 16", "pdq256 31", "phash64 8", "phash64 2")
                ),
                f"{line['middle']}, {line['furthest']}",
            )
        )
        last = line["group"]
    return markdown(rows, right=(2, 4, 5, 6, 7, 8, 9))


def classes_table(result: Result) -> str:
    """How pictures of one sort are mistaken for each other."""
    rows = [
        (
            "pictures", "how many", "refused", "their hashes refused, if a client sends them",
            "pairs ≤ 30 if none were refused", "pairs ≤ 30, registered", "≤ 16",
            "entries that drop another", "nearest", "photographs dropped",
        )
    ]  # fmt: skip
    for each in result["classes"]:
        every, gated, count = each["all"], each["gated"], each["pictures"]
        others = each["photographs"]
        nearest = gated["nearest"]
        rows.append(
            (
                each["name"],
                f"{count:,}",
                _percent(100 * each["refused"] / count),
                _percent(100 * each["client refused"] / count),
                _share(every["within"]["30"], every["pairs"]),
                _share(gated["within"]["30"], gated["pairs"]),
                _share(gated["within"]["16"], gated["pairs"]),
                f"{gated['entries']['30']:,} of {gated['registered']:,}",
                f"{nearest['bits']}" if nearest else "",
                "" if others is None else _share(others["within"]["30"], others["pairs"]),
            )
        )
    return markdown(rows, right=range(1, 10))


def templates(result: Result) -> str:
    """Memes on one photograph."""
    found = result["templates"]
    size = result["size"]
    return (
        f"{size['templates']} photographs with {size['captions']} captions each: of "
        f"{found['pairs']:,} pairs on one photograph "
        f"{_percent(100 * found['within']['30'] / max(1, found['pairs']))} are within 30 bits, "
        f"{_percent(100 * found['within']['16'] / max(1, found['pairs']))} within 16.\n"
    )


def tail_table(result: Result) -> str:
    """What the tail says, and what is certain."""
    rows = [
        (
            "phash256", "radius", "matches among pairs", "at most (95%), pairs independent",
            "at most (95%), by photographs", "line (95%)", "binomial",
            "false matches in a billion rows, by the line (95%)",
        )
    ]  # fmt: skip
    for each in result["tails"]["phash256"]:
        for number, entry in enumerate(each["radii"]):
            rows.append(
                (
                    "" if number else each["name"],
                    f"{entry['radius']}",
                    f"{entry['matches']:,} of {each['pairs']:.2g}",
                    f"{entry['bound']:.1e}",
                    f"{entry['bound by photographs']:.1e}",
                    _interval(entry, 1.0),
                    f"{entry['binomial']:.0e}",
                    _interval(entry, tail.expected(1.0)),
                )
            )
    return markdown(rows, right=range(1, 8))


def others_table(result: Result) -> str:
    """False matches of the other kinds of hash, over the same parts."""
    rows = [("", "radius", "matches among pairs", "a pair", "at most (95%), pairs independent")]
    for name, entries in result["tails"]["others"].items():
        for entry in entries:
            share = entry["matches"] / entry["pairs"]
            rows.append(
                (
                    name,
                    f"{entry['radius']}",
                    f"{entry['matches']:,} of {entry['pairs']:.2g}",
                    f"{share:.1e}" if share else "0",
                    f"{entry['bound']:.1e}",
                )
            )
    return markdown(rows, right=range(1, 5))


def distribution(result: Result) -> str:
    """In words what the curves look like."""
    rows = [("phash256", "pairs", "mean", "deviation", "nearest two", "line fitted to")]
    for each in result["tails"]["phash256"]:
        fitted = each["fitted"]
        rows.append(
            (
                each["name"],
                f"{each['pairs']:,}",
                f"{each['mean']:.1f}",
                f"{each['deviation']:.1f}",
                f"{each['nearest']} bits",
                f"{fitted['first']} to {fitted['last']} bits" if fitted else "too few are near",
            )
        )
    return markdown(rows, right=range(1, 6))


def write(result: Result) -> None:
    """Put tables and pictures into the documentation."""
    RECALL.write_text(plots.recall(result["robustness"]))
    TAIL.write_text(plots.tail(result["tails"]["phash256"]))
    page = PAGE.read_text()
    for mark, text in (
        ("facts", facts(result)),
        ("variants", variants(result)),
        ("packages", packages_table(result)),
        ("recall", recall_table(result)),
        ("classes", classes_table(result)),
        ("templates", templates(result)),
        ("distribution", distribution(result)),
        ("tail", tail_table(result)),
        ("others", others_table(result)),
    ):
        pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- end -->\n)", re.DOTALL)
        page = pattern.sub(lambda match, text=text: match[1] + text + match[2], page)
    PAGE.write_text(page)


def summary(result: Result) -> str:
    """For whoever waits: everything that the page would say."""
    tables: Sequence[str] = (
        facts(result), variants(result), recall_table(result), classes_table(result),
        templates(result), distribution(result), tail_table(result), others_table(result),
    )  # fmt: skip
    return "\n".join(tables)


def _percent(share: float) -> str:
    if share >= 100 or share == 0:
        return f"{share:.0f}%"
    # What is not all must not be rounded to all.
    return f"{min(share, 99.9):.1f}%" if share < 99.95 else "99.9%"


def _state(line: Mapping[str, Any]) -> str:
    if not line["promised"]:
        return ""
    return "met" if line["found"]["phash256 30"] >= 100 else "**missed**"


def _share(matches: int, pairs: int) -> str:
    if not pairs:
        return ""
    if not matches:
        return f"0 of {pairs:.2g} (< {upper_bound(0, pairs):.0e})"
    return f"{matches:,} ({matches / pairs:.1e})"


def _interval(entry: Mapping[str, Any], times: float) -> str:
    if "line" not in entry:
        return ""
    return (
        f"{entry['line'] * times:.0e} ({entry['low'] * times:.0e} to {entry['high'] * times:.0e})"
    )
