"""Which column plays which role: by name, by type, and by a look at values.

No one of the three is enough: `hash` is an int64 in LAION and an MD5 elsewhere, `url` may hold
paths, and a page's address may stand in a column called `source`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from . import looks
from .leaf import Role
from .values import as_bytes, is_bytes, is_text

ENOUGH = 0.25
"""The share of sampled values, over all shards or in one, that gives a column its role. Below the
half that an audit asks for: a sample may miss what a whole column shows."""

_NESTED = ("struct<", "list<", "map<")
"""What stands in the words for a type that has others inside."""

_PLURAL = {"url": "addresses", "sha256": "SHA-256 digests", "image": "pictures"}


@dataclass(frozen=True, slots=True)
class DetectedColumn:
    """A column and the part it plays.

    Attributes:
        path: its path, as a `Leaf` has it.
        type: its type in words; several where shards differ.
        role: what its values are to a filter; None where they cannot be matched.
        why: the reason, for people.
    """

    path: str
    type: str
    role: Role | None
    why: str

    @property
    def nested(self) -> bool:
        """Whether it has values inside lists or structs, which are not looked at."""
        return any(mark in self.type for mark in _NESTED)


@dataclass(frozen=True, slots=True)
class Sample:
    """What is known of one shard.

    Attributes:
        schema: its schema.
        rows: some values of its columns of text and bytes; None where names and types must do.
    """

    schema: pa.Schema
    rows: pa.Table | None = None


@dataclass
class _Column:
    """What was seen under one path, shard by shard."""

    path: str
    types: dict[str, None] = field(default_factory=dict)
    text: bool = False
    packed: bool = False
    values: int = 0
    alike: dict[Role, int] = field(default_factory=lambda: {"url": 0, "sha256": 0, "image": 0})
    best: dict[Role, float] = field(
        default_factory=lambda: {"url": 0.0, "sha256": 0.0, "image": 0.0}
    )
    digests: str | None = None

    def see_type(self, kind: pa.DataType) -> None:
        self.types[str(kind)] = None
        self.text |= is_text(kind)
        self.packed |= is_bytes(kind)

    def see_values(self, values: list[bytes], *, packed: bool) -> None:
        if not values:
            return
        self.values += len(values)
        bare, named = looks.named_address(self.path), looks.named_sha256(self.path)
        counts: dict[Role, int] = {
            "url": sum(looks.is_address(value, bare=bare) for value in values),
            "sha256": sum(looks.is_sha256(value, packed=packed and named) for value in values),
            "image": sum(map(looks.is_picture, values)) if packed else 0,
        }
        for role, count in counts.items():
            self.alike[role] += count
            self.best[role] = max(self.best[role], count / len(values))
        self.digests = self.digests or looks.other_digest(values)

    def detected(self) -> DetectedColumn:
        # Where all that is known are nulls, the name alone says what the values would be.
        self.packed |= self.types.keys() == {"null"}
        role, why = self._role()
        return DetectedColumn(self.path, " | ".join(self.types), role, why)

    def _role(self) -> tuple[Role | None, str]:
        if not (self.text or self.packed):
            return None, self._unusable()
        shown = max(self.best, key=lambda role: self.best[role])
        if self.best[shown] >= ENOUGH:
            return shown, self._share(shown)
        named = self._named()
        if named and (not self.values or named == "image" or self.alike[named]):
            return named, f"its name{self._share(named, '; ')}"
        if not self.values:
            return None, "no values, and a name that says nothing"
        if named:
            return None, f"named like {_PLURAL[named]}, but none of its sampled values is one"
        if self.digests:
            return None, f"{self.digests}: no entry carries those"
        return None, "neither addresses, digests nor pictures"

    def _named(self) -> Role | None:
        if looks.named_sha256(self.path):
            return "sha256"
        if self.packed and looks.named_picture(self.path):
            return "image"
        return "url" if looks.named_exactly_address(self.path) else None

    def _share(self, role: Role, before: str = "") -> str:
        if not self.values:
            return f"{before}no values to look at" if before else ""
        return f"{before}{self.alike[role]} of {self.values} sampled values are {_PLURAL[role]}"

    def _unusable(self) -> str:
        kinds = " | ".join(self.types)
        if any(mark in kinds for mark in _NESTED):
            return f"{kinds.split('<')[0]}: values inside lists and structs are not looked at"
        return f"{kinds}: only text and bytes can be matched"


def detect(samples: Iterable[Sample]) -> list[DetectedColumn]:
    """Find the part that every column plays.

    Args:
        samples: for every schema of the corpus at least one; where none has rows, names and types
            alone decide.

    Returns:
        Every column of every schema, in the order they were met.
    """
    columns: dict[str, _Column] = {}
    for sample in samples:
        for item in sample.schema:
            columns.setdefault(item.name, _Column(item.name)).see_type(item.type)
        if sample.rows is None:
            continue
        for item, values in zip(sample.rows.schema, sample.rows.columns, strict=True):
            if is_text(item.type) or is_bytes(item.type):
                shown = [value for value in as_bytes(values).to_pylist() if value]
                columns[item.name].see_values(shown, packed=is_bytes(item.type))
    return [column.detected() for column in columns.values()]
