"""Column types that hand out what they were made for, or say that the database is damaged.

SQLite keeps a value of any type in a column of any other, and a file may be anybody's work. A
number where bytes belong would even be taken for their length.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from optout.registry.errors import RegistryError
from sqlalchemy import Dialect, Integer, LargeBinary, String, Text

Value = TypeVar("Value")
Known = TypeVar("Known", bound=Enum)


def known(kind: type[Known], value: object) -> Known:
    """What a value that was read stands for.

    Raises:
        RegistryError: for nothing of this kind.
    """
    try:
        return kind(value)
    except ValueError as fault:
        raise RegistryError(
            f"the registry's database holds what is no {kind.__name__} where one belongs",
            "Restore it from a backup, with its key.",
        ) from fault


def _only(kind: type[Value], *, or_null: bool = False) -> Callable[[Any], Value | None]:
    def check(value: object) -> Value | None:
        if type(value) is kind:
            return value
        if or_null and value is None:
            return None
        raise RegistryError(
            f"the registry's database holds {type(value).__name__} where {kind.__name__} belongs",
            "Restore it from a backup, with its key.",
        )

    return check


class Bytes(LargeBinary):
    """Bytes."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], bytes | None]:  # noqa: ARG002
        """What is read passes through this."""
        return _only(bytes)


class BytesOrNull(LargeBinary):
    """Bytes that may be missing."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], bytes | None]:  # noqa: ARG002
        """What is read passes through this."""
        return _only(bytes, or_null=True)


class Whole(Integer):
    """A whole number. On SQLite, only a column of exactly this type is the row's own number."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], int | None]:  # noqa: ARG002
        """What is read passes through this."""
        return _only(int)


class Word(String):
    """A short text."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None]:  # noqa: ARG002
        """What is read passes through this."""
        return _only(str)


class Words(Text):
    """A text."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None]:  # noqa: ARG002
        """What is read passes through this."""
        return _only(str)
