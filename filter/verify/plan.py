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
from optout.registry.identifiers import Grade, Kind

from .history import Recorded
from .roles import known

PLAN_FORMAT = "optout/v1/plan"
DECISION_FORMAT = "optout/v1/decision"


@dataclass(frozen=True, slots=True)
class PlanPaper:
    """A plan.

    Attributes:
        sha256: hex, of the file.
        policy: what was to be obeyed.
        leaves: by path (`URL`, `images[].bytes`, `meta{}.url`), the roles in which leaves were to
            be looked at.
        exclude: paths that the operator left out.
        shards: names of the inputs.
        recorded: the snapshot.
        key: vkey of the snapshot's signer.
        mode: `rewrite` or `mask`.
        versions: of what verdicts and bytes depend on.
    """

    sha256: str
    policy: Policy
    leaves: Mapping[str, frozenset[str]]
    exclude: frozenset[str]
    shards: frozenset[str]
    recorded: Recorded
    key: str
    mode: str
    versions: Mapping[str, str]

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
                path, role = _text(column["path"]), _text(column["role"])
                if not known(role):
                    raise ValueError(role)
                leaves[path] = leaves.get(path, frozenset()) | {role}
            snapshot = body["snapshot"]
            # A radius that is no whole number would be compared, and fail, only far inside.
            _ = _count(body["policy"]["radius"]), _count(body["policy"]["hold_rows"])
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
                _text(body["mode"]),
                {_text(name): str(version) for name, version in body["versions"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError, OptOutError) as fault:
            raise EvidenceError(f"{name} has not the fields of a plan") from fault


@dataclass(frozen=True, slots=True)
class EntryPaper:
    """What a decision says of an entry.

    Attributes:
        kind: its kind.
        grade: how its claim was proved, at the time.
        rows: how many rows of the corpus it is said to meet.
    """

    kind: Kind
    grade: Grade
    rows: int


@dataclass(frozen=True, slots=True)
class DecisionPaper:
    """A decision.

    Attributes:
        sha256: hex, of the file.
        plan: hex SHA-256 of the plan it was made under.
        rows: rows of the corpus, as far as it was scanned.
        entries: every entry that is said to meet a row.
        held: the entries that were not obeyed.
        unseen: shards that were not scanned.
    """

    sha256: str
    plan: str
    rows: int
    entries: Mapping[int, EntryPaper]
    held: frozenset[int]
    unseen: frozenset[str]

    @classmethod
    def parse(cls, data: bytes, name: str) -> DecisionPaper:
        """Read a decision.

        Raises:
            EvidenceError: a byte of it is different, or it is no decision.
        """
        body = _sealed(data, name, DECISION_FORMAT)
        try:
            entries = {
                _index(number): EntryPaper(
                    Kind(known["kind"]), Grade(known["grade"]), _count(known["rows"])
                )
                for number, known in body["entries"].items()
            }
            return cls(
                hashlib.sha256(data).hexdigest(),
                _text(body["plan"]),
                _count(body["rows"]),
                entries,
                frozenset(map(_count, body["held"])),
                frozenset(map(_text, body["unseen"])),
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


def _index(text: str) -> int:
    if str(int(text)) != text:
        raise ValueError(text)
    return _count(int(text))


def _count(value: Any) -> int:  # noqa: ANN401  # whatever JSON held there
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise TypeError("not a count")
    return value
