"""What `plan.json` and `decision.json` say, read without the code that wrote them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optout.filter.errors import EvidenceError
from optout.filter.judge import Policy
from optout.registry import documents
from optout.registry.errors import OptOutError

from .detection import ROLES
from .history import Recorded

PLAN_FORMAT = "optout/v1/plan"
DECISION_FORMAT = "optout/v1/decision"


@dataclass(frozen=True, slots=True)
class PlanPaper:
    """A plan.

    Attributes:
        sha256: hex, of the file.
        policy: what was to be obeyed.
        leaves: by path, the roles in which leaves were to be looked at.
        exclude: paths that the operator left out.
        shards: names of the inputs.
        recorded: the snapshot.
        key: vkey of the snapshot's signer.
    """

    sha256: str
    policy: Policy
    leaves: Mapping[str, frozenset[str]]
    exclude: frozenset[str]
    shards: frozenset[str]
    recorded: Recorded
    key: str

    @classmethod
    def parse(cls, data: bytes, name: str) -> PlanPaper:
        """Read a plan.

        Raises:
            EvidenceError: a byte of it is different, or it is no plan.
        """
        body = _sealed(data, name, PLAN_FORMAT)
        try:
            leaves: dict[str, frozenset[str]] = {}
            for column in body["columns"]:
                path, role = _text(column["path"]), column["role"]
                if role not in ROLES:
                    raise ValueError(role)
                leaves[path] = leaves.get(path, frozenset()) | {role}
            snapshot = body["snapshot"]
            return cls(
                hashlib.sha256(data).hexdigest(),
                Policy.from_dict(body["policy"]),
                leaves,
                frozenset(map(_text, body["asked"]["exclude"])),
                frozenset(map(_text, body["inputs"])),
                Recorded(
                    _text(snapshot["origin"]),
                    _count(snapshot["size"]),
                    _text(snapshot["root"]),
                    _text(snapshot["digest"]),
                ),
                _text(snapshot["key"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OptOutError) as fault:
            raise EvidenceError(f"{name} has not the fields of a plan") from fault


@dataclass(frozen=True, slots=True)
class HeldPaper:
    """An entry that a decision lists as held.

    Attributes:
        entry: its index.
        rows: how many rows it is said to meet.
    """

    entry: int
    rows: int


@dataclass(frozen=True, slots=True)
class DecisionPaper:
    """A decision.

    Attributes:
        sha256: hex, of the file.
        plan: hex SHA-256 of the plan it was made under.
        held: the entries that were not obeyed.
        rows: rows of the whole corpus.
    """

    sha256: str
    plan: str
    held: tuple[HeldPaper, ...]
    rows: int

    @classmethod
    def parse(cls, data: bytes, name: str) -> DecisionPaper:
        """Read a decision.

        Raises:
            EvidenceError: a byte of it is different, or it is no decision.
        """
        body = _sealed(data, name, DECISION_FORMAT)
        try:
            held = tuple(
                HeldPaper(_count(item["entry"]), _count(item["rows"])) for item in body["held"]
            )
            return cls(
                hashlib.sha256(data).hexdigest(), _text(body["plan"]), held, _count(body["rows"])
            )
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise EvidenceError(f"{name} has not the fields of a decision") from fault


def _sealed(data: bytes, name: str, form: str) -> documents.Document:
    body = documents.parse(data, name, error=EvidenceError)
    seal = body.pop("seal", None)
    if seal != hashlib.sha256(documents.render(body)).hexdigest():
        raise EvidenceError(f"{name} does not match its seal")
    if body.pop("format", None) != form:
        raise EvidenceError(f"{name} is of a format this optout does not know")
    return body


def _text(value: Any) -> str:  # noqa: ANN401  # whatever JSON held there
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _count(value: Any) -> int:  # noqa: ANN401  # whatever JSON held there
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise TypeError("not a count")
    return value
