"""The last step: the signed statement about everything that a run made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from optout.filter.evidence import RunFacts, ShardRecord, operator_key, write_manifest
from optout.registry.log import SigningKey

from .place import Place
from .plan import Plan
from .storage import storage_faults

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot


def seal_run(
    place: Place,
    snapshot: Snapshot,
    plan: Plan,
    records: Sequence[ShardRecord],
    failed: Mapping[str, str],
    *,
    began: datetime,
    key: SigningKey | None,
) -> None:
    """Write and sign `manifest.json`, which binds every shard and all evidence.

    A manifest that says the same already, signed by the same key, stays as it is. Nothing is
    claimed of a shard that is not finished: it is named as failed, with the reason. Where no shard
    is finished there is nothing to state, and no manifest.

    Args:
        place: where shards and evidence are.
        snapshot: what was obeyed.
        plan: the run's.
        records: of the finished shards.
        failed: the others, each with what is wrong with it.
        began: when this run began.
        key: signs; the operator's own where None.

    Raises:
        StorageError: the evidence cannot be read, or the manifest or the key not written.
    """
    facts = RunFacts(
        origin=snapshot.origin,
        size=snapshot.size,
        root=snapshot.root,
        checkpoint=snapshot.checkpoint,
        snapshot_sha256=snapshot.digest,
        canonicaliser={
            "version": plan.versions["canonicaliser"],
            "public_suffixes": plan.versions["public_suffixes"],
        },
        policy=plan.asked.policy.to_dict(),
        mode=plan.asked.mode,
        started=moment(began),
        finished=moment(datetime.now(UTC)),
    )
    seal_facts(place, facts, records, failed, key=key)


def seal_facts(
    place: Place,
    facts: RunFacts,
    records: Sequence[ShardRecord],
    failed: Mapping[str, str],
    *,
    key: SigningKey | None,
) -> None:
    """Write and sign `manifest.json` where it is known what to say of the run as a whole.

    Args:
        place: where shards and evidence are.
        facts: of the run.
        records: of the finished shards.
        failed: the others, each with what is wrong with it.
        key: signs; the operator's own where None.

    Raises:
        StorageError: the evidence cannot be read, or the manifest or the key not written.
    """
    beside, name = place.beside, place.evidence.manifest
    if not records:
        beside.delete(name)
        return
    beside.settle(each for record in records for each in place.evidence.of_shard(record.shard))
    earlier: bytes | None = None
    if beside.exists(name):
        with beside.open(name) as stream:
            earlier = stream.read()
    with storage_faults(place.evidence.folder):
        data = write_manifest(
            place.evidence.out,
            facts,
            records,
            key or operator_key(),
            failed=failed,
            earlier=earlier,
        )
    if data != earlier:
        beside.put(name, lambda stream: stream.write(data))


def moment(time: datetime) -> str:
    """RFC 3339, UTC, whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
