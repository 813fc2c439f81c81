"""What the metadata of a schema says of pictures: the features of Hugging Face's `datasets`.

Nobody vouches for it. A leaf that is said to hold pictures is sure to where one value is one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from .leaves import is_list

IMAGE_TYPE = "Image"


def said_to_be_pictures(schema: pa.Schema) -> frozenset[str]:
    """The leaves whose values are said to be pictures."""
    features = _features(schema.metadata or {})
    found = (
        path
        for field in schema
        if field.name in features
        for path in _pictures(field.type, features[field.name], field.name)
    )
    return frozenset(found)


def _features(metadata: Mapping[bytes, bytes]) -> Mapping[str, Any]:
    try:
        said = json.loads(metadata.get(b"huggingface", b"{}"))
    except (ValueError, RecursionError):
        return {}
    for name in ("info", "features"):
        said = said.get(name) if isinstance(said, dict) else None
    return said if isinstance(said, dict) else {}


def _pictures(kind: pa.DataType, said: Any, path: str) -> Iterator[str]:  # noqa: ANN401  # JSON
    """The type and what is said of it, walked together: where they part, nothing is said."""
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if isinstance(said, dict) and said.get("_type") == IMAGE_TYPE:
        if pt.is_struct(kind):
            yield f"{path}.bytes"
        else:
            yield path
    elif is_list(kind) and not pt.is_map(kind):
        inner = said[0] if isinstance(said, list) and said else said
        if isinstance(said, dict) and "feature" in said:
            inner = said["feature"]
        yield from _pictures(kind.value_type, inner, f"{path}[]")
    elif pt.is_struct(kind) and isinstance(said, dict):
        # A sequence of records stands as a record of sequences.
        parts = said["feature"] if isinstance(said.get("feature"), dict) else said
        for number in range(kind.num_fields):
            part = kind.field(number)
            if part.name in parts:
                yield from _pictures(part.type, parts[part.name], f"{path}.{part.name}")
