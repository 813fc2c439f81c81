"""Passages by the million, folded compiled and by the reference: the same, or left to it.

    python -m tests.fuzz.passages SECONDS [SEED]

Texts of characters that are hard to fold, in many scripts, and bytes that are no text.
"""

from __future__ import annotations

import random
import sys
import time

from tests.filter.scan.folded import damaged, made_up, share_left

AT_ONCE = 20_000


def main() -> int:
    """Fold until the time is over."""
    seconds = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    print(f"seed {seed}", flush=True)
    drawn = random.Random(seed)
    end = time.monotonic() + seconds
    count, left = 0, 0.0
    while time.monotonic() < end:
        texts = made_up(drawn, AT_ONCE, drawn.choice([3, 8, 40, 200]))
        left += AT_ONCE * share_left(texts)
        share_left(damaged(drawn, texts[: AT_ONCE // 4]))
        count += AT_ONCE
    print(f"{count:,} texts fold as the reference says; {left / count:.0%} were left to it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
