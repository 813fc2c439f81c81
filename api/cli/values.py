"""Reading what people type: @FILE lists, sizes, ROLE=PATH pairs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optout.registry.identifiers import Grade as GradeName
    from optout.registry.identifiers import Kind as KindName


@dataclass(frozen=True)
class Given:
    """One value and where it was written, to be named when it is refused."""

    value: str
    place: str = ""


def spread(values: Iterable[str]) -> Iterator[Given]:
    """The values with each @FILE replaced by its lines.

    `@-` reads standard input, and `@@x` is the value `@x`. Blank lines are passed over.

    Raises:
        UsageError: a file is missing, or is not UTF-8 text.
    """
    for value in values:
        if value.startswith("@@"):
            yield Given(value[1:])
        elif value.startswith("@"):
            yield from _lines(value[1:])
        else:
            yield Given(value)


def _lines(name: str) -> Iterator[Given]:
    from optout.registry.errors import UsageError

    shown = "standard input" if name == "-" else name
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as fault:
        raise UsageError(
            f"@{name} cannot be read: {fault.strerror}",
            "Give a text file with one value a line. An account is written instagram:anna; a value "
            "that begins with @ is written with two, as in @@anna@mastodon.social.",
        ) from fault
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise UsageError(f"{shown} line {line} is not UTF-8 text", "Save it as UTF-8.") from fault
    # Not splitlines: a value may hold a form feed or another exotic separator.
    for number, line in enumerate(text.split("\n"), start=1):
        if value := line.strip():
            yield Given(value, f"{shown} line {number}: ")


def entry_numbers(values: Iterable[str]) -> list[int]:
    """Entry numbers in the order given, each once.

    Raises:
        UsageError: a value is not a number that an entry can have.
    """
    from optout.registry.errors import UsageError

    numbers: dict[int, None] = {}
    for given in spread(values):
        if not (given.value.isascii() and given.value.isdigit()):
            raise UsageError(
                f"{given.place}{given.value!r} is no entry number",
                "Entries are numbered from 0; `optout add` and `optout check` show the number.",
            )
        numbers[int(given.value)] = None
    return list(numbers)


UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
BINARY_UNITS = {"KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}


def memory(text: str) -> int:
    """A size in bytes: `2GiB` is 2 * 2^30, `500MB` 500 * 10^6, `1.5G` 1.5 * 10^9.

    Raises:
        UsageError: it is no size, or zero.
    """
    from optout.registry.errors import UsageError

    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?I?)B?", text.strip().upper())
    units = UNITS | BINARY_UNITS
    size = int(float(found[1]) * units[found[2]]) if found and found[2] in units else 0
    if size <= 0:
        raise UsageError(f"{text!r} is no amount of memory", "Write it as 2GiB, 500MB or 1.5G.")
    return size


def pairs(
    option: str, texts: Sequence[str], left: Sequence[str], *, right: str
) -> list[tuple[str, str]]:
    """`LEFT=RIGHT` arguments of a repeated option.

    Args:
        option: the option's name, for the message.
        texts: what was given.
        left: the words that may stand on the left.
        right: what stands on the right, for the message.

    Raises:
        UsageError: an argument has no `=`, an unknown left side or an empty right side.
    """
    from optout.registry.errors import UsageError

    found = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not value or name not in left:
            raise UsageError(
                f"{option} {text!r} is not understood",
                f"Write it as {option} {left[0]}={right}; it may be {_or(left)}.",
            )
        found.append((name, value))
    return found


def grade(text: str) -> GradeName:
    """A grade by its name.

    Raises:
        UsageError: there is no such grade.
    """
    from optout.registry.errors import UsageError
    from optout.registry.identifiers import Grade

    try:
        return Grade(text)
    except ValueError as fault:
        raise UsageError(f"{text!r} is no grade", f"It may be {_or(list(Grade))}.") from fault


def kind(text: str) -> KindName:
    """A kind of identifier by its name.

    Raises:
        UsageError: there is no such kind.
    """
    from optout.registry.errors import UsageError
    from optout.registry.identifiers import Kind

    try:
        return Kind(text)
    except ValueError as fault:
        raise UsageError(f"{text!r} is no kind", f"It may be {_or(list(Kind))}.") from fault


def usages(texts: Sequence[str]) -> tuple[str, ...]:
    """Usages by AIPREF's words, each once, in the order of the vocabulary.

    Raises:
        UsageError: there is no such usage.
    """
    from optout.registry.errors import UsageError
    from optout.registry.identifiers import USAGES

    for text in texts:
        if text not in USAGES:
            raise UsageError(f"{text!r} is no usage", f"It may be {_or(USAGES)}.")
    return tuple(usage for usage in USAGES if usage in texts)


def _or(words: Sequence[str]) -> str:
    *first, last = [str(word) for word in words]
    return f"{', '.join(first)} or {last}" if first else last


def minimum_grades(texts: Sequence[str]) -> dict[str, str]:
    """`--min-grade [KIND=]G`: the grade by kind; without a kind it holds for every kind.

    A kind that is named wins over the grade for all, wherever it stands.

    Raises:
        UsageError: there is no such kind or grade.
    """
    from optout.registry.identifiers import Kind

    everywhere = [text for text in texts if "=" not in text]
    named = [text.partition("=") for text in texts if "=" in text]
    least = {str(each): str(grade(text)) for text in everywhere for each in Kind}
    return least | {str(kind(name)): str(grade(value)) for name, _, value in named}
