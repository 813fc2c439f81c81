"""A manifest that is signed and says other things than a run's is refused in words."""

from __future__ import annotations

from typing import Any

import pytest
from optout.filter.errors import EvidenceError
from optout.filter.evidence import RunFacts, read_manifest
from optout.filter.evidence.dsse import sign
from optout.registry import documents

from .test_manifest import KEY, data, out

__all__ = ["data", "out"]


def signed(statement: dict[str, Any]) -> bytes:
    return sign(documents.canonical(statement), KEY).render()


@pytest.mark.parametrize("field", ["_type", "predicateType"])
def test_a_statement_of_another_type_is_no_manifest(field: str, data: bytes) -> None:
    statement = {**read_manifest(data).statement, field: "https://other.example/v1"}
    with pytest.raises(EvidenceError, match="does not describe a filter run"):
        read_manifest(signed(statement))


def test_a_manifest_without_its_checkpoint_does_not_say_what_was_obeyed(data: bytes) -> None:
    statement = read_manifest(data).statement
    definition = statement["predicate"]["buildDefinition"]
    definition["resolvedDependencies"] = [
        each for each in definition["resolvedDependencies"] if each["name"] != "checkpoint"
    ]
    with pytest.raises(EvidenceError, match="does not say what its run obeyed"):
        RunFacts.of(read_manifest(signed(statement)))
