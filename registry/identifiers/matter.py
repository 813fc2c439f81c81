"""Matter: what a registry commits to, and a filter reads, of one identifier. A strict reader.

{"v": 1, "kind": "url", "digest": "<64 hex>", "probe": "<16 hex>"}
{"v": 1, "kind": "image", ..., "radius": 64, "hashes": {"phash256": {"original": "<64 hex>"}}}
{"v": 2, "kind": "image", ..., "radius": 31, "hashes": {"pdq256": {"original": "<64 hex>"}}}

A picture that is known by its PDQ alone needs a filter that makes PDQ of pictures. So such matters,
and no others, are of the second version of the rules: who does not know it says so, and does not
pass pictures over.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from typing import NamedTuple

from optout.registry.errors import LogFault
from optout.registry.images import MAX_RADIUS, NAMESPACES, VARIANTS

from .address import CANONICALISER_VERSION
from .kinds import Kind

Hashes = Mapping[str, Mapping[str, bytes]]
"""Hashes of a picture, by namespace and by variant of the picture."""

PDQ_VERSION = 2
"""Of the rules: from here on a picture may be known by its PDQ alone."""

VERSIONS = (CANONICALISER_VERSION, PDQ_VERSION)
"""Every version of the rules that identifiers may follow."""

KNOWN_BY: Mapping[int, str] = {CANONICALISER_VERSION: "phash256", PDQ_VERSION: "pdq256"}
"""By version of the rules, the namespace of the hash that a picture is known by: its identity."""

_ALWAYS = {"v", "kind", "digest", "probe"}
_OF_PICTURES = {"radius", "hashes"}
_UPGRADE = "If a newer optout wrote it, upgrade; otherwise restore it."


class Matter(NamedTuple):
    """The fields of a matter, as `Identifier` has them."""

    kind: Kind
    digest: bytes
    probe: int
    hashes: Hashes
    radius: int | None


def read_matter(matter: object) -> Matter:
    """Check a JSON value field by field.

    Raises:
        LogFault: a field is missing, unknown or not what it must be.
    """
    if not isinstance(matter, dict):
        raise LogFault("a matter is not a JSON object", _UPGRADE)
    version, word = matter.get("v"), matter.get("kind")
    known = VERSIONS if word == Kind.IMAGE else (CANONICALISER_VERSION,)
    if type(version) is not int or version not in known:
        raise LogFault(f"a matter has the version {reprlib.repr(version)}", _UPGRADE)
    if not isinstance(word, str) or word not in list(Kind):
        raise LogFault(f"a matter has the kind {reprlib.repr(word)}", _UPGRADE)
    kind = Kind(word)
    if matter.keys() != (_ALWAYS | _OF_PICTURES if kind is Kind.IMAGE else _ALWAYS):
        raise LogFault(f"a matter of the kind {kind} has not the fields it must have", _UPGRADE)
    digest = _bytes(matter["digest"], 32, "digest")
    probe = int.from_bytes(_bytes(matter["probe"], 8, "probe"))
    if kind is not Kind.IMAGE:
        return Matter(kind, digest, probe, {}, None)
    hashes = _hashes(matter["hashes"], version)
    return Matter(kind, digest, probe, hashes, _radius(matter["radius"]))


def version_of(hashes: Hashes) -> int:
    """The version of the rules that an identifier follows.

    Args:
        hashes: of a picture; empty for every other kind.
    """
    alone = bool(hashes) and KNOWN_BY[CANONICALISER_VERSION] not in hashes
    return PDQ_VERSION if alone else CANONICALISER_VERSION


def _bytes(value: object, size: int, name: str) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value):
        raise LogFault(f"the {name} of a matter is not {2 * size} hexadecimal digits", _UPGRADE)
    return bytes.fromhex(value)


def _radius(radius: object) -> int:
    if type(radius) is not int or not 0 <= radius <= MAX_RADIUS:
        raise LogFault(f"a matter has the radius {reprlib.repr(radius)}", _UPGRADE)
    return radius


def _hashes(hashes: object, version: int) -> Hashes:
    if not isinstance(hashes, dict) or not hashes.keys() <= NAMESPACES.keys():
        raise LogFault("a matter has hashes of an unknown form", _UPGRADE)
    found: dict[str, dict[str, bytes]] = {}
    for namespace, variants in hashes.items():
        if not isinstance(variants, dict) or not variants or not variants.keys() <= set(VARIANTS):
            raise LogFault(f"a matter has unknown variants of {namespace}", _UPGRADE)
        size = NAMESPACES[namespace] ** 2 // 8
        found[namespace] = {name: _bytes(v, size, namespace) for name, v in variants.items()}
    known_by = KNOWN_BY[version]
    if "original" not in found.get(known_by, {}):
        raise LogFault(f"a matter of the kind image has no {known_by} of the picture", _UPGRADE)
    if version != version_of(found):
        raise LogFault("a matter of a picture with a phash256 is of another version", _UPGRADE)
    return found
