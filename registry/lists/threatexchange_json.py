"""ThreatExchange's JSON: pages of `/threat_updates` and of `/threat_descriptors`.

    {"data": [{"id": "17", "indicator": "f8f8…", "type": "HASH_PDQ", "last_updated": 1625167804,
               "should_delete": false,
               "descriptors": {"data": [{"id": "18", "owner": {"id": "1"}, "status": "UNKNOWN",
                                         "tags": ["optout"]}]}}],
     "paging": {}}
    {"data": [{"id": "18", "raw_indicator": "f8f8…", "type": "HASH_PDQ", "status": "MALICIOUS"}]}

An update is a tombstone where it says `should_delete`, and where it has lost its descriptors.
Names and their meaning: `exchanges/clients/fb_threatexchange/{descriptor,threat_updates}.py` and
`signal_type/` of python-threatexchange (github.com/facebook/ThreatExchange), and ThreatExchange's
reference (developers.facebook.com/docs/threat-exchange) of `ThreatDescriptor`, `IndicatorType` and
`StatusType`.
`HASH_PHASH256` and `HASH_PHASH64` are ours: ThreatExchange has no type for those hashes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from .json_items import json_items
from .records import STANDINGS, ListRecord, Standing, checked, faulty

NAME = "threatexchange-json"

ARRAY = "data"

SIGNALS = {
    "HASH_PDQ": "pdq",
    "HASH_MD5": "md5",
    "HASH_SHA256": "sha256",
    "URI": "url",
    "HASH_PHASH256": "phash256",
    "HASH_PHASH64": "phash64",
    "HASH_VIDEO_MD5": "md5",
    "VIDEO_HASH_MD5": "md5",
    "HASH_VIDEO_SHA256": "sha256",
    "RAW_URI": "url",
}
"""Types of indicators, and what is held of them here: the first of each is the one written."""

_TYPES = {signal: word for word, signal in reversed(SIGNALS.items())}


def is_record(value: Mapping[str, object]) -> bool:
    """Whether an object looks like an update or a descriptor."""
    return "type" in value and ("raw_indicator" in value or "should_delete" in value)


def read(stream: IO[str], name: str) -> Iterator[ListRecord]:
    """Read one page, several after each other, an array of records, or records a line.

    Args:
        stream: the text of the file.
        name: what to call the file in a message.

    Raises:
        UsageError: the file is no JSON; see `json_items`.
    """
    for item in json_items(stream, name, {ARRAY}):
        if item.page is None:
            yield _record(f"record {item.number}", item.record)


def _record(place: str, found: object) -> ListRecord:
    if not isinstance(found, dict):
        return faulty(place, "the record is not an object")
    value, kind = found.get("raw_indicator", found.get("indicator")), found.get("type")
    if not isinstance(value, str):
        return faulty(place, "the record has no indicator that is text")
    if not isinstance(kind, str):
        return faulty(place, "the record has no type that is text")
    number = found.get("id", "")
    if type(number) not in (str, int):
        return faulty(place, "its id is no text and no number")
    changed = found.get("last_updated", 0)
    standing = _standing(found)
    if not isinstance(standing, Standing):
        return faulty(place, standing)
    return checked(
        ListRecord(
            place,
            SIGNALS.get(kind, kind),
            value.strip(),
            standing,
            id=str(number),
            # Descriptors have a date in its place, of which nothing here depends.
            changed=changed if type(changed) is int and changed >= 0 else 0,
        )
    )


def _standing(found: Mapping[str, Any]) -> Standing | str:
    """How a record stands, or what is wrong with what it says of that."""
    if "raw_indicator" in found:
        return _opinion([found])
    gone = found.get("should_delete", False)
    if type(gone) is not bool:
        return "its should_delete is neither true nor false"
    if gone:
        return Standing.DELETED
    descriptors = found.get("descriptors") or {}
    opinions = descriptors.get("data") if isinstance(descriptors, dict) else None
    if not descriptors:
        return Standing.DELETED
    if not isinstance(opinions, list) or not all(isinstance(one, dict) for one in opinions):
        return "its descriptors are not objects under data"
    return _opinion(opinions) if opinions else Standing.DELETED


def _opinion(descriptors: Sequence[Mapping[str, Any]]) -> Standing | str:
    """A list is obeyed as long as one who shares it does not clear the record."""
    found = []
    for one in descriptors:
        status = one.get("status", "")
        standing = STANDINGS.get(status.lower()) if isinstance(status, str) else None
        if standing is None:
            return f"{str(status)[:40]!r} is no status that is known"
        found.append(standing)
    return next((one for one in found if not one.ends), found[0])


def write(stream: IO[bytes], records: Iterable[ListRecord]) -> int:
    """Write one page of updates with all the records.

    Returns:
        How many there are.
    """
    stream.write(b'{"data": [')
    count = 0
    for count, record in enumerate(records, 1):
        stream.write(b",\n" if count > 1 else b"\n")
        stream.write(json.dumps(_written(record), ensure_ascii=False).encode())
    stream.write(b'\n], "paging": {}}\n')
    return count


def _written(record: ListRecord) -> dict[str, Any]:
    gone = record.standing in (Standing.WITHDRAWN, Standing.DELETED)
    update: dict[str, Any] = {
        "id": record.id,
        "indicator": record.value,
        "type": _TYPES.get(record.signal, record.signal),
        "last_updated": record.changed,
        "should_delete": gone,
    }
    if not gone:
        cleared = record.standing is Standing.CLEARED
        opinion = {
            "id": record.id,
            "owner": {"id": "0"},
            # Nothing is malicious about what somebody does not want to train models.
            "status": "NON_MALICIOUS" if cleared else "UNKNOWN",
            "tags": ["optout"],
        }
        update["descriptors"] = {"data": [opinion]}
    return update
