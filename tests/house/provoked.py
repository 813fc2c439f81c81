"""Fail where a message of the code was provoked by no test: `provoked.py RECORD`.

RECORD is what `recording/sitecustomize.py` has written while the tests ran.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]

ELSEWHERE: dict[tuple[str, str], str] = {
    (
        "filter/parquet/encoding.py",
        "‹name› nests its columns in a way that cannot be written again",
    ): "every pyarrow that is known writes all levels of nesting as they are read",
}
"""Messages, by module and text, that no machine with the tests can provoke, and why."""


@cache
def listing() -> ModuleType:
    """docs/errors.py, which is no module of the house."""
    spec = spec_from_file_location("listing", ROOT / "docs" / "errors.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["listing"] = module  # where its dataclasses look for their own names
    spec.loader.exec_module(module)
    return module


def unprovoked(lines: Iterable[str]) -> list[str]:
    """The messages that were not made at any recorded place, each with its own place."""
    made = defaultdict[str, set[int]](set)
    for line in lines:
        path, _, number = line.strip().rpartition(":")
        made[path].add(int(number))
    missing = {}
    for message in listing().messages():
        first, last = message.lines
        excused = (message.path, message.text) in ELSEWHERE
        if (
            message.is_error
            and not excused
            and made[message.path].isdisjoint(range(first, last + 1))
        ):
            missing[f"{message.path}:{first}"] = message.text
    return [f"{place}: {text}" for place, text in missing.items()]


def main() -> int:
    """Print what is missing."""
    missing = unprovoked(Path(sys.argv[1]).read_text().splitlines())
    print("\n".join(missing) if missing else "every error message is provoked by a test")
    if missing:
        print(f"{len(missing)} messages are provoked by no test", file=sys.stderr)
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
