"""What `withdraw`, `restore` and `erase` share: entries by number, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import values as read
from . import words
from .console import Console

if TYPE_CHECKING:
    from optout.registry import Registry


def change(
    console: Console,
    location: str,
    entries: Sequence[str],
    step: Callable[[Registry, list[int]], object],
    done: str,
) -> dict[str, Any]:
    """Take one step for every entry.

    Args:
        console: where to tell it.
        location: the registry.
        entries: what was typed.
        step: the registry's own method, given the numbers.
        done: the step in the past tense.

    Returns:
        the document for `--json`.

    Raises:
        TransitionError: the log does not allow the step for one of them; nothing has changed.
    """
    from optout.registry import Registry
    from optout.registry.errors import UsageError

    numbers = read.entry_numbers(entries)
    if not numbers:
        raise UsageError("no entry is named", "Give entry numbers, or a file that holds some.")
    with Registry.open(location) as registry:
        step(registry, numbers)
        document = {done: numbers, "size": registry.size, "root": registry.root().hex()}
    console.result(f"{done}: ", (words.counted_entries(numbers), "bold"))
    return document
