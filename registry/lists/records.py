"""What stands in a list of hashes, whatever its form: signals, and how each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

LONGEST = 1 << 20
"""Characters of the longest record that is read."""

SIGNALS = ("phash256", "phash64", "pdq", "md5", "sha256", "url")
"""Types of signal that are known here: three hashes of pictures, two of exact bytes, addresses."""


class Standing(StrEnum):
    """How a record stands with the list that it is in."""

    ACTIVE = "active"
    CLEARED = "cleared"
    """Whoever keeps the list says that it is not to be acted on."""
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"

    @property
    def ends(self) -> bool:
        """Whether the record takes back what the list said of it before: a tombstone."""
        return self is not Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class ListRecord:
    """One record of a list, or why there is none.

    Attributes:
        place: where it stands, as people count: `line 3`, `record 12`. No part of what it says.
        signal: one of `SIGNALS`, or another type in the words of its list.
        value: the signal: hexadecimal digits, an address. A tombstone may do without, if it has
            an id or a case.
        standing: how it stands.
        id: what the list calls this record; empty where it calls it nothing.
        case: the one request that it came from, where the list says so and there is just one.
        changed: seconds since 1970 of its last change; 0 where the list does not say.
        fault: what is wrong with it; the other fields then mean nothing.
    """

    place: str = ""
    signal: str = ""
    value: str = ""
    standing: Standing = Standing.ACTIVE
    id: str = ""
    case: str = ""
    changed: int = 0
    fault: str = ""


STANDINGS: Mapping[str, Standing] = MappingProxyType(
    {
        "": Standing.ACTIVE,
        "active": Standing.ACTIVE,
        "received": Standing.ACTIVE,
        "unknown": Standing.ACTIVE,
        "malicious": Standing.ACTIVE,
        "suspicious": Standing.ACTIVE,
        "positive_class": Standing.ACTIVE,
        "investigation_seed": Standing.ACTIVE,
        "non_malicious": Standing.CLEARED,
        "negative_class": Standing.CLEARED,
        "cleared": Standing.CLEARED,
        "withdrawn": Standing.WITHDRAWN,
        "deleted": Standing.DELETED,
    }
)
"""How lists say it, in lower case: the words of StopNCII (`StopNCIICaseStatus`), of ThreatExchange
(`StatusType`) and of python-threatexchange (`SignalOpinionCategory`), and our own."""


def faulty(place: str, fault: str) -> ListRecord:
    """A record that cannot be read."""
    return ListRecord(place, fault=fault)


def checked(record: ListRecord) -> ListRecord:
    """A record, or a faulty one in its place, where it does not say enough."""
    for text in (record.signal, record.value, record.id, record.case):
        try:
            text.encode()
        except UnicodeEncodeError:
            return faulty(record.place, "the record is not UTF-8 text")
    if not record.signal:
        return faulty(record.place, "the record has no type of signal")
    named = record.value or (record.standing.ends and (record.id or record.case))
    return record if named else faulty(record.place, "the record has no value")
