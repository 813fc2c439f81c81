"""JSON read a record at a time, however long the file: pages, arrays, or one object after another.

Strict where a mistake could change what is meant: no field twice, nothing that is not JSON (`NaN`),
nothing cut off. What is wrong ends the reading, for nobody knows where the next record begins.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, NoReturn

from optout.registry.errors import UsageError

from .records import LONGEST

_CHUNK = 1 << 16
_BLANK = " \t\n\r"
_OF_NUMBERS = "0123456789.eE+-"
_MEND = "Get the list again, or mend it."


@dataclass(frozen=True, slots=True)
class Item:
    """A record, or the end of a page.

    Attributes:
        record: a value, usually an object; None at the end of a page.
        page: what the page says beside its records; None for a record.
        number: of the record, from 1; at the end of a page, how many it had.
    """

    record: object
    page: Mapping[str, object] | None
    number: int


def json_items(stream: IO[str], name: str, arrays: Collection[str]) -> Iterator[Item]:
    """Read records.

    Args:
        stream: the text of the file; broken UTF-8 may stand in it as surrogates.
        name: what to call the file in a message.
        arrays: fields of a page that hold its records. An object without one is itself a record.

    Raises:
        UsageError: it is not JSON, cut off, nested too deeply, a record is too long, or says
            something twice.
    """
    reader = _Reader(stream, name)
    while (sign := reader.peek()) != "":
        if sign == "[":
            yield from reader.elements()
        elif sign == "{":
            yield from reader.page(arrays)
        else:
            yield reader.record(reader.value())


class _TwiceError(Exception):
    """A field stands twice in an object."""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for key in keys if keys.count(key) > 1))
    return made


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)


class _Reader:
    def __init__(self, stream: IO[str], name: str) -> None:
        self._stream = stream
        self._name = name
        self._text = ""
        self._at = 0
        self._ended = False
        self._records = 0
        self._length = 0
        self._decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant)

    def record(self, value: object) -> Item:
        self._records += 1
        return Item(value, None, self._records)

    def peek(self) -> str:
        """The next character that is not blank; empty at the end of the file."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def elements(self) -> Iterator[Item]:
        """The records of an array that begins here."""
        self._expect("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield self.record(self.value())
            if self._expect(",]") == "]":
                return

    def page(self, arrays: Collection[str]) -> Iterator[Item]:
        """The records of an object that begins here, then what it says beside them."""
        self._expect("{")
        fields: dict[str, object] = {}
        before, found, room = self._records, False, LONGEST
        if self.peek() == "}":
            self._at += 1
            yield self.record(fields)
            return
        while True:
            if self.peek() != '"':
                raise self._fault("is no JSON, or cut off")
            key = str(self.value())
            self._expect(":")
            if key in fields:
                raise self._fault(f"has the field {key[:40]!r} twice")
            if key in arrays and self.peek() == "[":
                found, fields[key] = True, None
                yield from self.elements()
            else:
                fields[key] = self.value()
                room -= self._length
                if room < 0:
                    raise self._fault("has a record that is too long")
            if self._expect(",}") == "}":
                break
        if found:
            yield Item(None, fields, self._records - before)
        else:
            yield self.record(fields)

    def value(self) -> object:
        """The JSON value that begins here."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except _TwiceError as twice:
                raise self._fault(f"has the field {str(twice)[:40]!r} twice") from twice
            except RecursionError as deep:
                raise self._fault("is nested too deeply") from deep
            except ValueError:
                end = None
            # A number may go on behind what was read of it.
            if end is not None and (self._ended or self._text[end : end + 1] not in _OF_NUMBERS):
                self._length, self._at = end - self._at, end
                return value
            if len(self._text) - self._at > LONGEST:
                raise self._fault("has a record that is too long, or no JSON")
            if not self._more(len(self._text) - self._at) and end is None:
                raise self._fault("is no JSON, or cut off")

    def _expect(self, signs: str) -> str:
        found = self.peek()
        if found == "" or found not in signs:
            raise self._fault("is no JSON, or cut off")
        self._at += 1
        return found

    def _more(self, least: int = 0) -> bool:
        """Read on; False at the end of the file."""
        read = "" if self._ended else self._stream.read(max(_CHUNK, least))
        self._ended = read == ""
        self._text, self._at = self._text[self._at :] + read, 0
        return not self._ended

    def _fault(self, what: str) -> UsageError:
        return UsageError(f"{self._name} {what}, after {self._records:,} records", _MEND)
