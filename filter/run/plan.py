"""What a run decided before it started: `plan.json`, whose SHA-256 is the run's digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import PIL
import pyarrow as pa
from optout.filter.columns import (
    DetectedColumn,
    Leaf,
    carries,
    detect,
    is_below,
    leaf_types,
    nodes,
)
from optout.filter.errors import EvidenceError, NothingMatchable, PlanError
from optout.filter.judge import Policy
from optout.filter.parquet import InputIdentity
from optout.filter.scan import reach
from optout.registry import documents
from optout.registry.errors import OptOutError
from optout.registry.identifiers import CANONICALISER_VERSION, PUBLIC_SUFFIX_DATE

from .survey import Surveyed, samples

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

FORMAT = "optout/v1/plan"
REWRITE = "rewrite"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator asks for: everything of a plan that is not found out.

    Attributes:
        policy: which entries are obeyed.
        columns: leaves whose role was said.
        exclude: paths that are not looked at.
        mode: `rewrite` or `mask`.
        compression_level: of the codec, for what is encoded anew; its usual one where None.
    """

    policy: Policy
    columns: tuple[Leaf, ...] = ()
    exclude: tuple[str, ...] = ()
    mode: str = REWRITE
    compression_level: int | None = None

    @classmethod
    def of(
        cls,
        policy: Policy | None,
        columns: Mapping[str, Sequence[str]] | None,
        exclude: Sequence[str],
    ) -> Asked:
        """What the arguments of a run ask for.

        Raises:
            UsageError: a role is unknown.
            PlanError: a column is both said and excluded.
        """
        said = {
            Leaf.of(path, role)
            for role, paths in (columns or {}).items()
            for path in ([paths] if isinstance(paths, str) else paths)
        }
        for leaf in said:
            if leaf.path in exclude:
                raise PlanError(
                    f"the column {leaf.path} is to be looked at and left out", "Choose one of them."
                )
        return cls(policy or Policy(), tuple(sorted(said)), tuple(sorted(set(exclude))))


@dataclass(frozen=True)
class Plan:
    """A frozen plan.

    Attributes:
        asked: what the operator asked for.
        inputs: the shards by name; None where one could not be read when the plan was made.
        columns: the columns that are looked at, each with its role.
        snapshot: which snapshot is obeyed.
        versions: of everything that what is decided, or the bytes written, depend on.
    """

    asked: Asked
    inputs: Mapping[str, InputIdentity | None]
    columns: Sequence[DetectedColumn]
    snapshot: Mapping[str, Any]
    versions: Mapping[str, Any]

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Where to look, in the plan's order."""
        return tuple(Leaf(c.path, c.role) for c in self.columns if c.role is not None)

    @cached_property
    def digest(self) -> str:
        """The run's digest: hex SHA-256 of `plan.json`."""
        return hashlib.sha256(self.render()).hexdigest()

    def render(self) -> bytes:
        """The bytes of `plan.json`."""
        body = {
            "format": FORMAT,
            "mode": self.asked.mode,
            "policy": self.asked.policy.to_dict(),
            "asked": {
                "columns": [{"path": leaf.path, "role": leaf.role} for leaf in self.asked.columns],
                "exclude": list(self.asked.exclude),
                **_level(self.asked.compression_level),
            },
            "inputs": {
                name: identity.to_dict() if identity else None
                for name, identity in self.inputs.items()
            },
            "columns": [
                {
                    "path": column.path,
                    "type": column.type,
                    "role": column.role,
                    "why": column.why,
                    "kinds": reached(column, self.asked.policy),
                }
                for column in self.columns
            ],
            "snapshot": dict(self.snapshot),
            "versions": dict(self.versions),
        }
        return documents.render({**body, "seal": _seal(body)})

    @classmethod
    def parse(cls, data: bytes, name: str) -> Plan:
        """Read what `render` wrote.

        Raises:
            EvidenceError: it is damaged, or a newer optout wrote it.
        """
        body = documents.parse(data, name, error=EvidenceError)
        seal = body.pop("seal", None)
        if seal != _seal(body) or body.get("format") != FORMAT:
            raise EvidenceError(f"{name} is damaged or not a plan", "Make the output anew.")
        try:
            asked = Asked(
                Policy.from_dict(body["policy"]),
                tuple(Leaf.of(item["path"], item["role"]) for item in body["asked"]["columns"]),
                tuple(body["asked"]["exclude"]),
                body["mode"],
                body["asked"].get("compression_level"),
            )
            inputs = {
                shard: None if identity is None else InputIdentity(**identity)
                for shard, identity in body["inputs"].items()
            }
            columns = [
                DetectedColumn(item["path"], item["type"], item["role"], item["why"])
                for item in body["columns"]
            ]
            return cls(asked, inputs, columns, body["snapshot"], body["versions"])
        except (KeyError, TypeError, ValueError, AttributeError, OptOutError) as fault:
            raise EvidenceError(f"{name} has not the fields of a plan", "Make it anew.") from fault


def make_plan(seen: Sequence[Surveyed], asked: Asked, snapshot: Snapshot) -> Plan:
    """Find out which columns can be matched, and freeze that.

    Args:
        seen: all inputs.
        asked: what the operator asks for.
        snapshot: what is opted out.

    Raises:
        NothingMatchable: no column can be matched by any kind that is looked for.
        PlanError: a column that was said is nowhere, or cannot be what it was said to be.
    """
    schemas = list({s.schema: None for s in seen if s.schema is not None})
    for leaf in asked.columns:
        _check_said(leaf, schemas)
    detected = detect(samples(seen))
    said = {leaf.path for leaf in asked.columns}
    columns = [
        DetectedColumn(leaf.path, _type_of(leaf, schemas), leaf.role, "said by the operator")
        for leaf in asked.columns
    ]
    columns += left_to_detection(detected, asked)
    planned = [column for column in columns if reached(column, asked.policy)]
    # What may stand anywhere in JSON is no reason to believe that anything does.
    if all(column.is_rest for column in planned if column.path not in said):
        planned = [column for column in planned if column.path in said]
    if not planned:
        raise _nothing([column for column in columns if not column.is_rest])
    return Plan(
        asked,
        {each.shard.name: each.identity for each in seen},
        sorted(planned, key=lambda column: (column.path, str(column.role))),
        snapshot_facts(snapshot),
        versions(snapshot),
    )


def left_to_detection(detected: Sequence[DetectedColumn], asked: Asked) -> list[DetectedColumn]:
    """The columns of which the operator says nothing."""
    said = {leaf.path for leaf in asked.columns}
    return [
        column
        for column in detected
        if column.path not in said
        and not any(is_below(column.path, excluded) for excluded in asked.exclude)
        # What is left out in JSON must not come back as what stands anywhere else in it.
        and not (column.is_rest and any(map(column.is_around, asked.exclude)))
    ]


def snapshot_facts(snapshot: Snapshot) -> dict[str, Any]:
    """What tells a snapshot apart."""
    return {
        "digest": snapshot.digest,
        "origin": snapshot.origin,
        "size": snapshot.size,
        "root": snapshot.root,
        "key": str(snapshot.key),
    }


def versions(snapshot: Snapshot) -> dict[str, Any]:
    """The versions that verdicts and bytes depend on.

    Args:
        snapshot: what is obeyed; it says which rules its entries need, and a run follows these.
    """
    return {
        "optout": version("optout"),
        "pyarrow": pa.__version__,
        "pillow": PIL.__version__,
        "canonicaliser": max(CANONICALISER_VERSION, snapshot.canonicaliser["version"]),
        "public_suffixes": PUBLIC_SUFFIX_DATE,
    }


def reached(column: DetectedColumn, policy: Policy) -> list[str]:
    """The kinds that are looked for through a column."""
    if column.role is None:
        return []
    return sorted(str(kind) for kind in reach(column.role) if policy.looks_for(kind))


def _level(level: int | None) -> dict[str, int]:
    """The bytes depend on the level, where one is said; a plan without one says nothing of it."""
    return {} if level is None else {"compression_level": level}


def _seal(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(documents.render(dict(body))).hexdigest()


def _type_of(leaf: Leaf, schemas: Sequence[pa.Schema]) -> str:
    kinds = {str(kind): None for schema in schemas for kind in leaf_types(schema, leaf)}
    return " | ".join(kinds)


def _check_said(leaf: Leaf, schemas: Sequence[pa.Schema]) -> None:
    kinds = [kind for schema in schemas for kind in leaf_types(schema, leaf)]
    known = sorted({n.path for schema in schemas for n in nodes(schema) if not n.has_parts})
    if not kinds:
        raise PlanError(
            f"no shard has a column {leaf.path!r}", f"There are: {', '.join(known) or 'none'}."
        )
    if not any(carries(schema, leaf) for schema in schemas):
        below = [path for path in known if is_below(path, leaf.path) and path != leaf.path]
        raise PlanError(
            f"the column {leaf.path} is of type {kinds[0]}, which cannot be read as {leaf.role}",
            f"Say which of its parts: {', '.join(below)}."
            if below
            else "Pictures are bytes; everything else is text or bytes.",
        )


def _nothing(columns: Sequence[DetectedColumn]) -> NothingMatchable:
    if not columns:
        return NothingMatchable("no input has a column", "Check the inputs.")
    listed = "; ".join(f"{c.path} ({c.role or c.why})" for c in columns)
    return NothingMatchable(
        f"no column can be matched by the kinds that are looked for: {listed}",
        "Say what a column holds: --column url=PATH, image=PATH, text=PATH and so on.",
    )
