"""What a Hugging Face data set says of its own columns, in the metadata of its schema.

Parquet files of the `datasets` library carry the features of the data set as JSON under the key
`huggingface`. They are a hint and no more: anybody can write them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

FEATURES = b"huggingface"


def picture_paths(schema: pa.Schema) -> frozenset[str]:
    """The paths under which, as its metadata says, the bytes of pictures stand.

    What cannot be read says nothing.
    """
    told = (schema.metadata or {}).get(FEATURES)
    if told is None:
        return frozenset()
    try:
        features = json.loads(told)["info"]["features"]
        return frozenset(_below("", features))
    except (ValueError, KeyError, TypeError, RecursionError):
        return frozenset()


def _below(path: str, feature: Any) -> Iterator[str]:  # noqa: ANN401  # whatever the JSON holds
    if isinstance(feature, list):
        for each in feature[:1]:
            yield from _below(f"{path}[]", each)
    elif not isinstance(feature, dict):
        return
    elif feature.get("_type") == "Image":
        # Its bytes; where the writer has no use for names of files, the column itself.
        yield from (f"{path}.bytes", path)
    elif isinstance(feature.get("_type"), str):
        inner = feature.get("feature")
        yield from _below(f"{path}[]", inner)
        if isinstance(inner, dict) and "_type" not in inner:
            # A sequence of records is kept as a record of sequences.
            for name, part in inner.items():
                yield from _below(f"{path}.{name}[]", part)
    else:
        for name, part in feature.items():
            yield from _below(f"{path}.{name}" if path else name, part)
