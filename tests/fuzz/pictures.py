"""Pictures by the thousand, in bulk and by the reference: the same verdicts, or left to it.

    python -m tests.fuzz.pictures SECONDS [SEED]

Every format and mode; cut off, with bits turned, with other dimensions, colours and extensions than
they have; bombs; and copies and mirror images of pictures that are registered.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
from optout.filter.scan import State, kernels_for, plain_kernels
from optout.registry import Registry, Snapshot
from optout.registry.identifiers import Identifier, Kind
from optout.registry.images import DEFAULT_RADIUS
from optout.registry.registry import Claim

from tests.filter.pictures.hostile_pictures import SEEDS, drawn_file, hostile_file, picture, saved

AT_ONCE = 50


def main() -> int:
    """Look at pictures until the time is over."""
    seconds = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    print(f"seed {seed}", flush=True)
    drawn = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        return _look(_registered(Path(folder)), drawn, time.monotonic() + seconds)


def _look(snapshot: Snapshot, drawn: random.Random, end: float) -> int:
    kinds = frozenset(Kind)
    states: Counter[str] = Counter()
    found = 0
    while time.monotonic() < end:
        files = [drawn.choice((drawn_file, hostile_file))(drawn) for _ in range(AT_ONCE)]
        values = pa.array(files, pa.large_binary())
        radius = drawn.choice((DEFAULT_RADIUS, DEFAULT_RADIUS, 0, 8, 16, 64))
        one, other = (
            make(snapshot, kinds, radius, ["image"])["image"](values)
            for make in (kernels_for, plain_kernels)
        )
        for place in range(AT_ONCE):
            if one.states[place] != other.states[place] or one.traces.get(
                place
            ) != other.traces.get(place):
                path = Path(tempfile.gettempdir()) / "optout-different-picture"
                path.write_bytes(files[place])
                print(f"{path} is another picture in bulk, within {radius} bits")
                return 1
        states.update(State(state).word for state in one.states.tolist())
        found += len(one.traces)
    told = ", ".join(f"{count:,} {word}" for word, count in sorted(states.items()))
    print(f"{told}; {found:,} of them near a registered one, by both")
    return 0


def _registered(folder: Path) -> Snapshot:
    with Registry.create(folder / "optout.db") as registry:
        known = (picture(seed, (400, 300)) for seed in range(0, SEEDS, 2))
        registry.add([Claim(Identifier.image(saved(shown, "PNG"))) for shown in known])
        return registry.snapshot(folder / "snapshot")


if __name__ == "__main__":
    sys.exit(main())
