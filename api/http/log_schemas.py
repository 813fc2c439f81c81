"""The JSON of the public log: its records, and what they say of one entry."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from .schemas import GradeName, KindName, StateName


class RecordAnswer(BaseModel):
    """One record of the log."""

    index: int
    record: dict[str, Any] = Field(
        description="One leaf of the Merkle tree: its canonical JSON (RFC 8785) is what is hashed."
    )


class LogAnswer(BaseModel):
    """A page of the log."""

    records: list[RecordAnswer]
    next: int | None = Field(description="What to give as `after` for more; null at the end.")
    checkpoint: str = Field(description="The log as it stands: a C2SP signed note.")


class EntryAnswer(BaseModel):
    """What the public log says of one entry."""

    index: int
    kind: KindName
    state: StateName
    grade: GradeName
    usage: list[str]
    date: str = Field(description="The day it was registered, YYYY-MM-DD.")
    records: list[RecordAnswer]
