"""Counts, lists and foreign text in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_MANY = {"prefix": "prefixes"}


def short_key(key: object) -> str:
    """A verifier key as people compare it at a glance: its name and the id that it derives."""
    name, _, rest = str(key).partition("+")
    return f"{name}+{rest.partition('+')[0]}"


def per_kind(counts: Mapping[str, int]) -> str:
    """Counts by kind in words: `2 images, 1 site`."""
    return ", ".join(
        counted(number, name, _MANY.get(name, "")) for name, number in counts.items() if number
    )


def counted(number: int, name: str, names: str = "") -> str:
    """A number and its noun: `1 row`, `2,000 rows`; `names` where an s does not make it many."""
    return f"{number:,} {name}" if number == 1 else f"{number:,} {names or name + 's'}"


def counted_entries(numbers: Sequence[int], most: int = 12) -> str:
    """Entry numbers in words, long lists cut: `entry 4`, `entries 1, 2, 3`."""
    shown = ", ".join(str(number) for number in numbers[:most])
    more = f" and {len(numbers) - most:,} more" if len(numbers) > most else ""
    return f"{'entry' if len(numbers) == 1 else 'entries'} {shown}{more}"


def printable(text: str) -> str:
    """Text from a corpus or a file name, with control characters made visible.

    A caption must not be able to move the cursor or recolour a terminal.
    """
    return "".join(
        character if character.isprintable() or character in "\n\u3000" else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
