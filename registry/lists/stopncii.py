"""StopNCII's feed of hashes, as `FetchHashes` answers: pages of records.

    {"count": 1, "nextSetTimestamp": 1625175071, "nextPageToken": "", "hasMoreRecords": false,
     "hashRecords": [{"lastModtimestamp": 1625167804, "signalType": "ImagePDQ",
                      "hashValue": "2afc…", "hashStatus": "Active",
                      "caseNumbers": {"27664732-…": "Active"}, "CSPFeedbacks": []}]}

Field names, types and statuses: `exchanges/clients/stopncii/api.py` of python-threatexchange
(github.com/facebook/ThreatExchange). A record says all of its hash: a later one replaces it, and
`Withdrawn` and `Deleted` take it back. Fields that came later (`hashRegions`) are passed over. The
feed has no words for some hashes: `ImagePhash256`, `ImagePhash64` and `FileSHA256` are ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from .json_items import json_items
from .records import STANDINGS, ListRecord, Standing, checked, faulty

NAME = "stopncii"

ARRAY = "hashRecords"

_SIGNALS = {
    "ImagePDQ": "pdq",
    "VideoMD5": "md5",
    "URL": "url",
    "ImagePhash256": "phash256",
    "ImagePhash64": "phash64",
    "FileSHA256": "sha256",
}
_TYPES = {signal: word for word, signal in _SIGNALS.items()}
_STATUSES = {"Unknown", "Received", "Active", "Withdrawn", "Deleted"}


def is_record(value: Mapping[str, object]) -> bool:
    """Whether an object looks like a record of this feed."""
    return "signalType" in value and "hashValue" in value


def read(stream: IO[str], name: str) -> Iterator[ListRecord]:
    """Read one page, several after each other, or records a line.

    Args:
        stream: the text of the file.
        name: what to call the file in a message.

    Raises:
        UsageError: the file is no JSON; see `json_items`.
    """
    for item in json_items(stream, name, {ARRAY}):
        place = f"record {item.number}"
        if item.page is None:
            yield _record(place, item.record)
        elif item.page.get("count", item.number) != item.number:
            # A page that lost some of its records has lost withdrawals with them.
            said = str(item.page["count"])[:20]
            yield faulty("a page", f"it says that it has {said} records, and has {item.number}")


def _record(place: str, found: object) -> ListRecord:
    if not isinstance(found, dict):
        return faulty(place, "the record is not an object")
    said: dict[str, str] = {}
    for name in ("signalType", "hashValue", "hashStatus"):
        text = found.get(name)
        if not isinstance(text, str):
            return faulty(place, f"the record has no {name} that is text")
        said[name] = text
    changed = found.get("lastModtimestamp", 0)
    if type(changed) is not int or changed < 0:
        return faulty(place, "its lastModtimestamp is no number of seconds")
    status, cases = said["hashStatus"], found.get("caseNumbers") or {}
    if status not in _STATUSES:
        return faulty(place, f"{status[:40]!r} is no hashStatus that is known")
    if not isinstance(cases, dict):
        return faulty(place, "its caseNumbers are not an object")
    return checked(
        ListRecord(
            place,
            _SIGNALS.get(said["signalType"], said["signalType"]),
            said["hashValue"].strip(),
            STANDINGS[status.lower()],
            case=next(iter(cases)) if len(cases) == 1 else "",
            changed=changed,
        )
    )


def write(stream: IO[bytes], records: Iterable[ListRecord]) -> int:
    """Write one page with all the records; a tombstone without a value names its case.

    Returns:
        How many there are.
    """
    stream.write(b'{"hashRecords": [')
    count = newest = 0
    for record in records:
        stream.write(b",\n" if count else b"\n")
        stream.write(json.dumps(_written(record), ensure_ascii=False).encode())
        count, newest = count + 1, max(newest, record.changed)
    tail = {
        "count": count,
        "nextSetTimestamp": newest,
        "nextPageToken": "",
        "hasMoreRecords": False,
    }
    stream.write(b"\n], " + json.dumps(tail)[1:].encode() + b"\n")
    return count


def _written(record: ListRecord) -> dict[str, Any]:
    status = "Withdrawn" if record.standing is Standing.CLEARED else record.standing.title()
    case = record.case or record.id
    return {
        "lastModtimestamp": record.changed,
        "signalType": _TYPES.get(record.signal, record.signal),
        "hashValue": record.value,
        "hashStatus": status,
        "caseNumbers": {case: status} if case else {},
        "CSPFeedbacks": [],
    }
