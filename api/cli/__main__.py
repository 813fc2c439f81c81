"""`python -m optout.api.cli` is the same as `optout`."""

from __future__ import annotations

import sys

# Not a relative import: a process that reads pictures loads this file by its path.
from optout.api.cli import main

if __name__ == "__main__":
    sys.exit(main())
