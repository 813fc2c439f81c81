"""The stylesheet and the script: read once, named by their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .languages import HERE

_TYPES = {".css": "text/css", ".js": "text/javascript"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file.

    Attributes:
        data: its bytes.
        media_type: what it is.
        version: the first characters of its SHA-256; a new one means a new address.
    """

    data: bytes
    media_type: str
    version: str


def load() -> dict[str, Asset]:
    """Every static file by its name."""
    assets = {}
    for path in sorted((HERE / "static").iterdir()):
        if path.suffix in _TYPES:
            data = path.read_bytes()
            version = hashlib.sha256(data).hexdigest()[:12]
            assets[path.name] = Asset(data, f"{_TYPES[path.suffix]}; charset=utf-8", version)
    return assets
