"""A fresh interpreter of our own, which imports what this one does and trusts nothing more."""

from __future__ import annotations

import sys

_FLAGS = {"ignore_environment": "-E", "no_user_site": "-s", "no_site": "-S"}


def fresh(code: str, *arguments: str) -> list[str]:
    """The command that runs some code in an interpreter of its own.

    A fresh one, and no fork: neither a caller's `__main__` nor its threads are in it.

    Args:
        code: Python; its `sys.path` is this process's.
        arguments: what it finds in `sys.argv[2:]`.

    Raises:
        OSError: there is no interpreter to be started: this one is part of another program.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise OSError("this interpreter is part of another program")
    flags = [flag for name, flag in _FLAGS.items() if getattr(sys.flags, name)]
    # Set before anything is imported, from where this process would not import it.
    before = "import sys; sys.path[:] = eval(sys.argv[1]); "
    # Whatever else stands in the path, imports pass over.
    places: list[object] = [*sys.path]
    path = repr([place for place in places if isinstance(place, str)])
    flags.append("-I" if sys.flags.isolated else "-P")
    return [sys.executable, *flags, "-c", before + code, path, *arguments]
