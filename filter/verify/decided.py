"""Plan and decision: what was to be obeyed, and whether all papers say the same of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optout.filter.judge import Policy
from optout.registry.errors import LogFault
from optout.registry.log import Checkpoint

from .papers import MASK, Papers
from .policy import weaknesses
from .report import Finding, counted

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot


def check_plan(papers: Papers, snapshot: Snapshot, finding: Finding) -> None:
    """Hold plan, decision and manifest against each other.

    Args:
        papers: its manifest was read; gets plan and decision.
        snapshot: the one at hand.
        finding: gets what is wrong, and, in words, where the policy is weaker than the default.
    """
    papers.read_plan(finding)
    plan, decision = papers.plan, papers.decision
    if plan is None:
        finding.say("what was to be obeyed is not known: the default policy is taken")
        return
    leaves = counted(len(plan.leaves), "leaf", "leaves")
    finding.say(f"{counted(len(plan.shards), 'shard')}, {leaves} to look at")
    if plan.mode not in ("rewrite", MASK):
        finding.fault(f"{papers.names.plan} asks for {plan.mode!r}, which is unknown")
    if plan.mode == MASK:
        finding.say("the run wrote masks: what it left are its inputs, seen through its vectors")
    if plan.key != str(snapshot.key):
        finding.fault(f"the run's snapshot was signed by {plan.key}, this one by {snapshot.key}")
    if decision is not None and decision.plan != plan.sha256:
        finding.fault(f"{papers.names.decision} was made under another plan")
    if papers.manifest is not None:
        _check_parameters(papers, snapshot, finding)
    weak = list(weaknesses(plan.policy, Policy().suited_to(snapshot)))
    finding.say("weaker than the default policy: " + "; ".join(weak) if weak else "default policy")
    if plan.exclude:
        finding.say(f"left out by the operator: {', '.join(sorted(plan.exclude))}")


def _check_parameters(papers: Papers, snapshot: Snapshot, finding: Finding) -> None:
    plan, manifest, name = papers.plan, papers.manifest, papers.names.manifest
    if plan is None or manifest is None:
        return
    recorded = plan.recorded
    expected: dict[str, Any] = {
        "policy": plan.policy.to_dict(),
        "registry": {
            "origin": recorded.origin,
            "size": recorded.size,
            "root": recorded.root,
        },
        "mode": plan.mode,
    }
    for what, value in expected.items():
        if manifest.parameters.get(what) != value:
            finding.fault(f"{name} and {papers.names.plan} differ in the {what}")
    try:
        note, digest = _dependencies(manifest.statement)
        checkpoint = Checkpoint.open(note, snapshot.key)
    except LogFault as fault:
        finding.fault(f"the checkpoint in {name}: {fault.message}")
        return
    except (KeyError, TypeError, IndexError, ValueError):
        finding.fault(f"{name} names no checkpoint and no snapshot")
        return
    found = (checkpoint.origin, checkpoint.size, checkpoint.root.hex())
    if found != (recorded.origin, recorded.size, recorded.root):
        finding.fault(f"the checkpoint in {name} is of another log, size or root than the plan's")
    if digest != recorded.digest:
        finding.fault(f"{name} and {papers.names.plan} name different snapshots")


def _dependencies(statement: dict[str, Any]) -> tuple[str, str]:
    """The checkpoint's note and the snapshot's digest."""
    first, second, *_ = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    note, digest = first["annotations"]["note"], second["digest"]["sha256"]
    if not isinstance(note, str) or not isinstance(digest, str):
        raise TypeError("not strings")
    return note, digest
