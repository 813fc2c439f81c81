"""Note which error messages the tests provoke, in every process that they start.

Python imports a module of this name when it starts. `make test` puts this folder on PYTHONPATH
and names a file in OPTOUT_PROVOKED: each place in the code that makes an error of ours, and those
that called it, are appended there, a line `path:line` each. `provoked.py` reads it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WINGS = tuple(f"{ROOT / wing}{os.sep}" for wing in ("registry", "filter", "api"))
CALLERS = 8
"""Frames of ours that are noted: the one that makes the error, and those that asked for it."""


def record(target: str) -> None:
    """Append to `target`, from now on, where errors are made."""
    try:
        from optout.registry.errors import OptOutError
    except ImportError:  # another Python, such as the one that builds a wheel
        return
    made = OptOutError.__init__
    seen = set[str]()
    write, open_, close = os.write, os.open, os.close  # tests may break what they find in `os`

    def noting(self: OptOutError, message: str, advice: str = "") -> None:
        made(self, message, advice)
        places = set[str]()
        frame = sys._getframe(1)
        while frame is not None and len(places) < CALLERS:
            if frame.f_code.co_filename.startswith(WINGS):
                name = os.path.relpath(frame.f_code.co_filename, ROOT)
                places.add(f"{name}:{frame.f_lineno}")
            frame = frame.f_back
        if news := places - seen:
            seen.update(news)
            # Opened anew each time and written at once: a process may be forked, or killed.
            file = open_(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            write(file, "".join(f"{place}\n" for place in sorted(news)).encode())
            close(file)

    OptOutError.__init__ = noting  # type: ignore[method-assign]


if "OPTOUT_PROVOKED" in os.environ:
    record(os.environ["OPTOUT_PROVOKED"])
