"""How fast pictures are hashed, looked up and filtered, beside decoding alone and beside others.

    python -m benchmarks.image_speed           seven minutes
    BENCH=quick python -m benchmarks.image_speed    fewer rounds, a smaller index; only prints

Who hashes, and who decodes alone, take turns in rounds; a share is the median of what each round
says (see `rounds`).

Writes docs/image-speed.json, and from it the picture and the tables of docs/image-speed.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import time
from importlib.metadata import version
from typing import Any

from . import picture, pictures, radius
from .found import markdown
from .measuring import ROOT, machine
from .picture import Group, Line

RESULTS = ROOT / "docs" / "image-speed.json"
PAGE = ROOT / "docs" / "image-speed.md"
DRAWING = ROOT / "docs" / "image-speed.svg"

Result = dict[str, Any]


def facts(result: Result) -> str:
    """When, and with what."""
    listed = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    return f"Measured {result['date']} on {result['processor']}; {listed}.\n"


def bars(result: Result) -> list[tuple[str, str, str, str]]:
    """What is promised, what is found, and whether that is enough."""
    rows = [("bar", "", "found", "")]
    for form, sides in result["of_draft"].items():
        for side, shares in sides.items():
            drafts = shares[pictures.BULK]["cpu"]
            others = result["of_imagehash"][form][side][pictures.BULK]["cpu"]
            what = f"{form}, {side} pixels"
            rows.append(_bar("hashing ≥ 75% of decoding", what, drafts, 0.75, "{:.0%}"))
            rows.append(_bar("hashing ≥ 2x imagehash", what, others, 2, "{:.1f}x"))
    for side, found in result["shards"].items():
        share = found["filter_of_draft"]
        rows.append(_bar("filter ≥ 70% of decoding", f"JPEG, {side} pixels", share, 0.7, "{:.0%}"))
    for each, wanted in zip(result["search"], (None, 5, 50), strict=False):
        asked = each["queries_a_second"]
        peers = [asked[name]["30"] for name in (radius.FLAT, radius.MULTI) if name in asked]
        if wanted and peers:
            gain = asked[radius.OURS]["30"] / max(peers)
            what = f"{each['variants']:.0e} pictures".replace("e+0", "e")
            rows.append(_bar(f"search ≥ {wanted}x faiss", what, gain, wanted, "{:.0f}x"))
    return rows


def _bar(bar: str, what: str, found: float, wanted: float, form: str) -> tuple[str, str, str, str]:
    return bar, what, form.format(found), "met" if found >= wanted else "**missed**"


def shards(result: Result) -> list[tuple[str, ...]]:
    """Rows a second of a filter, and of decoding."""
    rows = [
        (
            "shard of JPEG",
            "decoding alone",
            "filter, without its start",
            "of decoding",
            "rounds said",
            "filter, all of it",
        )
    ]
    for side, found in result["shards"].items():
        rows.append(
            (
                f"{side} pixels",
                f"{found['draft_rows_a_cpu_second']:,.0f}",
                f"{found['filter_rows_a_cpu_second_without_start']:,.0f}",
                f"{found['filter_of_draft']:.0%}",
                _between(found["filter_of_draft_between"]),
                f"{found['filter_rows_a_cpu_second']:,.0f}",
            )
        )
    return rows


def beside(result: Result) -> list[tuple[str, ...]]:
    """How fast hashing is beside decoding alone: by each clock, and how much rounds differed."""
    rows = [("optout, bulk, of decoding", "processor time", "rounds said", "wall time")]
    for form, sides in result["of_draft"].items():
        for side, shares in sides.items():
            share = shares[pictures.BULK]
            cells = f"{share['cpu']:.0%}", _between(share["between"]), f"{share['wall']:.0%}"
            rows.append((f"{form}, {side} pixels", *cells))
    return rows


def _between(ends: list[float]) -> str:
    least, most = ends
    return f"{least:.0%} to {most:.0%}"


def groups(result: Result) -> list[Group]:
    """What is drawn: hashing, by format and size."""
    kinds = {pictures.DRAFT: "limit", pictures.BULK: "ours"}
    wanted = (pictures.DRAFT, pictures.BULK, pictures.IMAGEHASH, pictures.PDQHASH)
    return [
        (
            f"{form}, {side} pixels",
            [Line(who, rates[who], kinds.get(who, "peer")) for who in wanted if who in rates],
        )
        for form, sides in result["rates"].items()
        for side, rates in sides.items()
    ]


def write(result: Result) -> None:
    """Put tables and picture into the documentation."""
    DRAWING.write_text(picture.draw(groups(result), "pictures", range(1, 5)))
    page = PAGE.read_text()
    for mark, text in (
        ("facts", facts(result)),
        ("bars", markdown(bars(result), right=(2,))),
        ("rates", pictures.table(result) + "\n"),
        ("beside", markdown(beside(result), right=(1, 2, 3))),
        ("shards", markdown(shards(result), right=(1, 2, 3, 4, 5))),
        ("search", radius.table({"sizes": result["search"]}) + "\n"),
    ):
        pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- end -->\n)", re.DOTALL)
        page = pattern.sub(lambda match, text=text: match[1] + text + match[2], page)
    PAGE.write_text(page)


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--size", choices=("full", "quick"), default=os.environ.get("BENCH", "full")
    )
    parser.add_argument("--redraw", action="store_true", help="only the page and the picture anew")
    asked = parser.parse_args()
    if asked.redraw:
        write(json.loads(RESULTS.read_text()))
        return
    quick = asked.size == "quick"
    result: Result = {
        "date": time.strftime("%Y-%m-%d"),
        "processor": machine()["processor"],
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("pillow", "simplejpeg", "imagehash", "numba", "numpy")},
    }
    result |= pictures.run(quick=quick)
    result["search"] = radius.run(radius.SIZES[:2] if quick else radius.SIZES)["sizes"]
    for rows in (bars(result), beside(result), shards(result)):
        for row in rows:
            print("  ".join(row))
    if not quick:
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")
        write(result)


if __name__ == "__main__":
    main()
