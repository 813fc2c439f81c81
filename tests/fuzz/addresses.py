"""Holds the compiled kernel of addresses against the plain one, for as long as it is let.

    python -m tests.fuzz.addresses SECONDS [SEED]

Every round draws addresses anew, registers some of what covers them, and compares: what every value
is, and which are candidates. The first difference ends it, with exit code 1.
"""

from __future__ import annotations

import random
import sys
import time

import pyarrow as pa

from tests.filter.scan.hostile_addresses import KINDS, Hostile, Registered, both, differences

ROUND = 20_000


def main() -> int:
    """Compare until the time is over."""
    seconds = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    end, count = time.monotonic() + seconds, 0
    while True:
        print(f"addresses: seed {seed}, {count:,} compared", flush=True)
        drawn = random.Random(seed)
        values = Hostile(seed).values(ROUND)
        registered = Registered.some_of(values, seed, drawn.random())
        kinds = frozenset(kind for kind in sorted(KINDS) if drawn.random() < 0.8)
        fast, plain = both(registered, kinds)
        # Sliced, for kernels have to begin where a slice does.
        low, high = drawn.randrange(100), len(values) - drawn.randrange(100)
        array = pa.array(values, pa.large_binary())[low:high]
        different = differences(fast, plain, array)
        count += len(array)
        if different:
            print(
                f"addresses: {len(different)} differences at seed {seed}", *different[:20], sep="\n"
            )
            return 1
        if time.monotonic() > end:
            print(f"addresses: {count:,} compared, no difference")
            return 0
        seed += 1


if __name__ == "__main__":
    sys.exit(main())
