"""An operator who forges: every paper fits every other one, and bears their signature."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from optout.filter.evidence import (
    MATCHES_SCHEMA,
    Evidence,
    FileDigest,
    RunFacts,
    ShardRecord,
    read_manifest,
    read_matches,
    write_manifest,
    write_matches,
)
from optout.filter.parquet import encode_vector, rewrite
from optout.registry import documents
from optout.registry.log import SigningKey
from optout.registry.snapshot import Snapshot

from .conftest import Run


def snapshot_facts(snapshot: Snapshot) -> dict[str, object]:
    """What a plan says of a snapshot."""
    return {
        "digest": snapshot.digest,
        "origin": snapshot.origin,
        "size": snapshot.size,
        "root": snapshot.root,
        "key": str(snapshot.key),
    }


class Forger:
    """Changes what a run says, and then makes all of it consistent again."""

    def __init__(self, run: Run, key: SigningKey) -> None:
        self._run = run
        self._key = key
        self._names = Evidence(run.out)

    def matches(self, shard: str) -> list[dict]:
        data = self._path(self._names.matches(shard)).read_bytes()
        return read_matches(data).to_pylist()

    def shard(self, shard: str, matches: list[dict]) -> None:
        """Write a shard anew, so that exactly what these matches say went."""
        removed = sorted({m["row"] for m in matches if m["verdict"] != "held"})
        dropped = {m["row"]: m for m in matches if m["verdict"] == "drop"}
        with (self._run.out / shard).open("wb") as stream:
            report = rewrite(self._run.corpus / shard, stream, np.array(removed, np.int64))
        buffer = io.BytesIO()
        write_matches(buffer, pa.Table.from_pylist(matches, MATCHES_SCHEMA))
        vector = encode_vector(removed)
        self._path(self._names.vector(shard)).write_bytes(vector)
        self._path(self._names.matches(shard)).write_bytes(buffer.getvalue())
        record = self.record(shard)
        self.put_record(
            replace(
                record,
                how="spliced",
                output=FileDigest(report.sha256, report.size),
                vector=FileDigest.of(vector),
                matches=FileDigest.of(buffer.getvalue()),
                rows_kept=record.rows_in - len(removed),
                rows_dropped=len(dropped),
                rows_quarantined=len(removed) - len(dropped),
                dropped_by_kind=dict(Counter(m["kind"] for m in dropped.values())),
            )
        )
        self.decide(entries=self._counted())

    def put_matches(self, shard: str, matches: list[dict]) -> None:
        """Let a shard's matches alone say something else."""
        buffer = io.BytesIO()
        write_matches(buffer, pa.Table.from_pylist(matches, MATCHES_SCHEMA))
        self._path(self._names.matches(shard)).write_bytes(buffer.getvalue())
        digest = FileDigest.of(buffer.getvalue())
        self.put_record(replace(self.record(shard), matches=digest))

    def record(self, shard: str) -> ShardRecord:
        return ShardRecord.parse(self._path(self._names.record(shard)).read_bytes())

    def put_record(self, record: ShardRecord) -> None:
        self._path(self._names.record(record.shard)).write_bytes(record.render())

    def plan(self, **changes: object) -> None:
        """Change fields of the plan, and what names the plan."""
        self._change(self._names.plan, changes)
        self._change(self._names.decision, {"plan": self._digest(self._names.plan)})

    def decide(self, **changes: object) -> None:
        """Change fields of the decision."""
        self._change(self._names.decision, changes)

    def seal(self, **facts: object) -> Run:
        """Make all of it consistent, and sign it."""
        records = []
        for path in sorted(self._names.folder.rglob("*.parquet.json")):
            record = ShardRecord.parse(path.read_bytes())
            plan, decision = self._digest(self._names.plan), self._digest(self._names.decision)
            records.append(replace(record, plan=plan, decision=decision))
            path.write_bytes(records[-1].render())
        earlier = self._path(self._names.manifest)
        definition = read_manifest(earlier.read_bytes()).statement["predicate"]["buildDefinition"]
        said = definition["externalParameters"]["canonicaliser"]
        plan = json.loads(self._path(self._names.plan).read_bytes())
        known = RunFacts(
            origin=plan["snapshot"]["origin"],
            size=plan["snapshot"]["size"],
            root=plan["snapshot"]["root"],
            checkpoint=definition["resolvedDependencies"][0]["annotations"]["note"],
            snapshot_sha256=plan["snapshot"]["digest"],
            canonicaliser=said,
            policy=plan["policy"],
            mode=plan["mode"],
            started="2026-01-31T00:00:00Z",
            finished="2026-01-31T00:00:01Z",
        )
        data = write_manifest(self._run.out, replace(known, **facts), records, self._key)
        earlier.write_bytes(data)
        return self._run

    def _counted(self) -> dict[str, dict]:
        entries: dict[str, dict] = {}
        known = json.loads(self._path(self._names.decision).read_bytes())["entries"]
        rows: dict[str, set] = {}
        for path in sorted(self._names.folder.rglob("*.matches.parquet")):
            for match in read_matches(path.read_bytes()).to_pylist():
                if match["entry"] is not None:
                    entry = str(match["entry"])
                    rows.setdefault(entry, set()).add((path, match["row"]))
                    grade = known.get(entry, {"grade": "self"})["grade"]
                    entries[entry] = {"kind": match["kind"], "grade": grade}
        return {entry: {**entries[entry], "rows": len(rows[entry])} for entry in entries}

    def _change(self, name: str, changes: dict[str, object]) -> None:
        path = self._path(name)
        body = json.loads(path.read_bytes()) | changes
        del body["seal"]
        seal = hashlib.sha256(documents.render(body)).hexdigest()
        path.write_bytes(documents.render({**body, "seal": seal}))

    def _digest(self, name: str) -> str:
        return hashlib.sha256(self._path(name).read_bytes()).hexdigest()

    def _path(self, name: str) -> Path:
        return self._names.path(name)
