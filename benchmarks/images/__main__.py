"""Copies found and others mistaken for them, over pictures that people made.

    python -m benchmarks.images        an hour of one core, 900 MB of downloads, 2 GB of disk
    BENCH=quick python -m benchmarks.images    a few minutes; only prints what it finds

Writes docs/images.json, and from it the pictures docs/images-*.svg and the tables in
docs/images.md. What was hashed is kept below --cache, so that a second run takes a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT

from . import page
from .stages import Size, measured

RESULTS = ROOT / "docs" / "images.json"

SIZES = {
    "full": Size(),
    "quick": Size(copies=20, parts=16, drawn=40, templates=3, captions=8, most=40),
    "trial": Size(copies=4, parts=4, drawn=8, templates=2, captions=3, most=8),
}


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default=os.environ.get("BENCH", "full"))
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "images")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--redraw", action="store_true", help="only the page and the pictures anew")
    asked = parser.parse_args()
    if asked.redraw:
        page.write(json.loads(RESULTS.read_text()))
        return
    quick = asked.size != "full"
    cache = asked.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "size": {"name": asked.size, **vars(SIZES[asked.size])},
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("pillow", "imagehash", "numpy")},
    }
    result |= measured(SIZES[asked.size], cache, asked.processes, quick=quick)
    (cache / "found.json").write_text(json.dumps(result, indent=1) + "\n")
    print(page.summary(result))
    if not quick:
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")
        page.write(result)


if __name__ == "__main__":
    main()
