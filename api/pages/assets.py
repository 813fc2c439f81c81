"""The stylesheet and the scripts: read once, named by their content.

Among them is the registry's own table of platforms, for the script that looks things up.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from .languages import HERE

_TYPES = {".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
_PLATFORMS = files("optout.registry.identifiers") / "platforms.json"


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file.

    Attributes:
        data: its bytes.
        packed: the same, by gzip: nothing of a visitor stands beside it that it could give away.
        media_type: what it is.
        version: the first characters of its SHA-256; a new one means a new address.
    """

    data: bytes
    packed: bytes
    media_type: str
    version: str


def load() -> dict[str, Asset]:
    """Every static file by its name."""
    assets = {"platforms.json": _asset("platforms.json", _PLATFORMS.read_bytes())}
    for path in sorted((HERE / "static").iterdir()):
        if path.suffix in _TYPES:
            assets[path.name] = _asset(path.name, path.read_bytes())
    return assets


def takes_gzip(accepted: str) -> bool:
    """Whether a browser that sends this `Accept-Encoding` can unpack an asset."""
    for coding in accepted.split(","):
        name, _, weight = coding.partition(";")
        if name.strip().lower() == "gzip":
            return weight.replace(" ", "").rstrip("0.") != "q="
    return False


def _asset(name: str, data: bytes) -> Asset:
    version = hashlib.sha256(data).hexdigest()[:12]
    packed = gzip.compress(data, mtime=0)
    return Asset(data, packed, f"{_TYPES[Path(name).suffix]}; charset=utf-8", version)
