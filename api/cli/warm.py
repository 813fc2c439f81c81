"""`optout warm`: compile now what the first run would have to."""

from __future__ import annotations

import time

from . import words
from .console import Console
from .exits import Exit
from .options import AsJson


def warm(json: AsJson = False) -> int:
    """Compile the fast paths ahead, so that no run waits for it: when a container is built."""
    from optout.filter import scan, verify
    from optout.registry import compiled, images, index

    console = Console(json=json)
    names = [*index.KERNELS, *images.KERNELS, *scan.KERNELS, *verify.KERNELS]
    longest_first = [*scan.KERNELS, *index.KERNELS, *images.KERNELS, *verify.KERNELS]
    started = time.monotonic()
    folder = compiled.warm(*longest_first) if compiled.available() else None
    seconds = time.monotonic() - started
    if not compiled.available():
        console.result("nothing to compile: there is no compiler here, or OPTOUT_KERNELS is plain")
    elif folder is None:
        console.result("compiled, but there is no folder to keep it in: each run compiles anew")
        console.say("make the package or the home folder writable, or set XDG_CACHE_HOME")
    else:
        console.result(f"{words.counted(len(names), 'module')} compiled, kept in {folder}")
    console.document(
        {"modules": names, "kept": folder and str(folder), "seconds": round(seconds, 3)}
    )
    return Exit.DONE
