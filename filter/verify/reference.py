"""What the registry's reference functions say of single values: slow, plain, and the last word."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import numpy as np
from optout.registry import Snapshot
from optout.registry.errors import PictureError
from optout.registry.identifiers import Grade, Key, Kind, file_key, sha256_of, url_keys
from optout.registry.images import corpus_hashes

from .detection import IMAGE, SHA256
from .policy import Eligibility

NAMESPACE = "phash256"

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_DATA = re.compile(rb"[\x00-\x20]*data:[\x00-\x20]*image/([^,]*)", re.IGNORECASE)
_BASE64 = re.compile(rb";\x20*base64\x20*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a value matches and that the policy obeys.

    Attributes:
        entry: its index.
        kind: its kind.
        grade: its grade in the snapshot at hand.
        distance: bits between the two pictures; None for exact kinds.
        since: it was registered, or became binding, only after the run took its snapshot.
    """

    entry: int
    kind: Kind
    grade: Grade
    distance: int | None
    since: bool

    @property
    def words(self) -> str:
        """As a fault names it: `entry 17 (image, distance 4)`."""
        distance = "" if self.distance is None else f", distance {self.distance}"
        return f"entry {self.entry} ({self.kind}{distance})"


@dataclass(frozen=True, slots=True)
class Judged:
    """What the reference says of one value.

    Attributes:
        hits: every entry that it matches.
        unjudgeable: it could not be judged: a picture that cannot be read, text that is no UTF-8.
    """

    hits: tuple[Hit, ...] = ()
    unjudgeable: bool = False


KEEP = Judged()


class Reference:
    """Judges values against a snapshot under a policy."""

    def __init__(self, snapshot: Snapshot, eligibility: Eligibility) -> None:
        self._snapshot = snapshot
        self._eligibility = eligibility

    def judge(self, role: str, values: Sequence[bytes | None]) -> list[Judged]:
        """Judge values of one leaf.

        Args:
            role: `url`, `sha256` or `image`.
            values: the values as they are stored.
        """
        if role == IMAGE:
            return self._pictures(values)
        if role == SHA256:
            return self._exact([_digest_keys(value) for value in values])
        judged = self._exact([_url_keys(value) for value in values])
        embedded = [(n, _embedded(value)) for n, value in enumerate(values)]
        inside = [(n, data) for n, data in embedded if data is not None and _is_text(values[n])]
        pictures = self._pictures([data for _, data in inside])
        for (number, data), picture in zip(inside, pictures, strict=True):
            judged[number] = picture if data else Judged((), unjudgeable=True)
        return judged

    def _exact(self, keys: Sequence[Sequence[Key] | None]) -> list[Judged]:
        """Judge by keys; None stands for a value that cannot be judged."""
        flat = [(n, key) for n, found in enumerate(keys) for key in found or ()]
        hits: dict[int, dict[int, Hit]] = {}
        probes = np.fromiter((key.probe for _, key in flat), np.uint64, len(flat))
        candidates, _ = self._snapshot.candidates(probes)
        for place in np.unique(candidates).tolist():
            number, key = flat[place]
            for entry in self._snapshot.find(key.kind, key.digest, key.probe):
                hit = self._hit(entry.index, Kind(entry.kind), entry.grade, entry.usage, None)
                if hit is not None:
                    hits.setdefault(number, {})[hit.entry] = hit
        return [
            Judged((), unjudgeable=True)
            if found is None
            else Judged(_ordered(hits[n]))
            if n in hits
            else KEEP
            for n, found in enumerate(keys)
        ]

    def _pictures(self, values: Sequence[bytes | None]) -> list[Judged]:
        by_bytes = self._exact([[file_key(sha256_of(value))] if value else [] for value in values])
        if not self._eligibility.judges(Kind.IMAGE):
            return by_bytes
        places: list[int] = []
        hashes: list[bytes] = []
        judged = list(by_bytes)
        for n, value in enumerate(values):
            if not value:
                continue
            try:
                hashes.append(corpus_hashes(value, [NAMESPACE])[NAMESPACE])
                places.append(n)
            except PictureError:
                judged[n] = Judged(by_bytes[n].hits, unjudgeable=True)
        for n, near in zip(places, self._near(hashes), strict=True):
            if near:
                together = {hit.entry: hit for hit in by_bytes[n].hits} | near
                judged[n] = Judged(_ordered(together))
        return judged

    def _near(self, hashes: Sequence[bytes]) -> list[dict[int, Hit]]:
        found: list[dict[int, Hit]] = [{} for _ in hashes]
        if not hashes:
            return found
        queries = np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), -1)
        radius = self._eligibility.policy.radius
        near = self._snapshot.near(NAMESPACE, queries, radius)
        columns = (near.query, near.entry, near.distance, near.grade, near.usage, near.radius)
        for query, entry, distance, grade, usage, own in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            if distance > min(radius, own):
                continue
            hit = self._hit(entry, Kind.IMAGE, Grade.from_rank(grade), usage, distance)
            known = found[query].get(entry)
            if hit is not None and (known is None or distance < (known.distance or 0)):
                found[query][entry] = hit
        return found

    def _hit(
        self, entry: int, kind: Kind, grade: Grade, usage: int, distance: int | None
    ) -> Hit | None:
        if self._eligibility.bound_then(entry, kind, grade, usage):
            return Hit(entry, kind, grade, distance, since=False)
        if self._eligibility.binds(kind, grade, usage):
            return Hit(entry, kind, grade, distance, since=True)
        return None


def _ordered(hits: dict[int, Hit]) -> tuple[Hit, ...]:
    return tuple(hits[entry] for entry in sorted(hits))


def _is_text(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _url_keys(value: bytes | None) -> Sequence[Key] | None:
    if not value:
        return ()
    if not _is_text(value):
        return None
    return url_keys(value.decode()) or ()


def _digest_keys(value: bytes | None) -> Sequence[Key] | None:
    if not value:
        return ()
    if _is_text(value):
        digits = value.decode().strip()
        if _SHA256.fullmatch(digits):
            return [file_key(digits.lower())]
    elif len(value) != 32:
        return None
    return [file_key(value.hex())] if len(value) == 32 else ()


def _embedded(value: bytes | None) -> bytes | None:
    """The picture inside a `data:` url (RFC 2397, read as the WHATWG fetch standard does).

    Returns:
        None where the value is no such url; no bytes at all where its content cannot be told.
    """
    head = _DATA.match(value or b"")
    if head is None or value is None:
        return None
    if value[head.end() : head.end() + 1] != b",":
        return b""
    body = value[head.end() + 1 :].split(b"#", 1)[0].strip(b"\x00\t\n\f\r ")
    body = unquote_to_bytes(body)
    if not _BASE64.search(head.group(1)):
        return body
    digits = bytes(byte for byte in body if byte not in b"\t\n\f\r ")
    if len(digits) % 4 == 0 and digits.endswith(b"="):
        digits = digits[:-2] if digits.endswith(b"==") else digits[:-1]
    try:
        return base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
    except binascii.Error:
        return b""
