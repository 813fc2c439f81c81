"""What a record of a list registers, where it can be registered at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from optout.registry.identifiers import Identifier

from .records import ListRecord

_MAKERS: Mapping[str, Callable[[str], Identifier]] = MappingProxyType(
    {
        "phash256": Identifier.image_phash256,
        "pdq": Identifier.image_pdq256,
        "md5": Identifier.file_md5,
        "sha256": Identifier.file_sha256,
        "url": Identifier.url,
    }
)

HELD = tuple(_MAKERS)
"""Signals that a registry can hold. A picture is held by its phash256 or its PDQ; phash64 is too
short to be alone."""


def identifier_of(record: ListRecord) -> Identifier | None:
    """What a record registers; None where its type of signal is not held.

    Raises:
        IdentifierError: its value is no such signal.
        PictureError: it is the hash of a picture too flat to tell apart, or of none.
    """
    make = _MAKERS.get(record.signal)
    return None if make is None else make(record.value)


def compared_value(record: ListRecord) -> str:
    """The value as two records of a list are compared: hexadecimal digits in lower case."""
    return record.value if record.signal == "url" else record.value.lower()
