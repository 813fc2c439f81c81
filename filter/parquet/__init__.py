"""Parquet shards: reading them in bounded pieces, and taking rows out without a trace."""

from __future__ import annotations

from .deletion_vector import decode as decode_vector
from .deletion_vector import encode as encode_vector
from .deletion_vector import rows_of
from .encoding import PIECE_BYTES
from .reading import Batch, RowGroup, ShardReader
from .rewrite import RewriteReport, copy, rewrite
from .tail import InputIdentity, identity, shard_faults

__all__ = [
    "PIECE_BYTES",
    "Batch",
    "InputIdentity",
    "RewriteReport",
    "RowGroup",
    "ShardReader",
    "copy",
    "decode_vector",
    "encode_vector",
    "identity",
    "rewrite",
    "rows_of",
    "shard_faults",
]
