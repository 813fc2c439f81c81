"""The columns: whatever can be matched must have been looked at, whoever decided otherwise."""

from __future__ import annotations

from .detection import Detection
from .inside import rest_over
from .judging import Leaves
from .papers import Papers
from .policy import Eligibility
from .report import Finding, counted
from .roles import family, plural

_TOLD = 20
"""Leaves that may hold something, named in a report; the others are counted."""


def check_columns(
    papers: Papers, eligibility: Eligibility, detection: Detection, finding: Finding
) -> Leaves:
    """Hold what can be matched against what the run looked at.

    A leaf that the operator left out is a fault like any other: what stands in it was not judged.

    Args:
        papers: its plan was read.
        eligibility: says which kinds are looked for at all.
        detection: what was seen in what was left.
        finding: gets the leaves that were not looked at, and words.

    Returns:
        The leaves to judge: all that can be matched, and all that the plan names.
    """
    planned: Leaves = papers.plan.leaves if papers.plan else {}
    left_out = papers.plan.exclude if papers.plan else frozenset()
    leaves: dict[str, frozenset[str]] = dict(planned)
    told = []
    for path, roles in sorted(detection.matchable().items()):
        seen = detection.leaves[path]
        known = {family(role) for role in planned.get(path, ())}
        for role, count in sorted(roles.items()):
            if not eligibility.reaches(role):
                continue
            told.append(f"{path} ({count:,} {plural(role)})")
            rest = rest_over(planned, path)
            # Looked at wherever in the documents it stands: judged as a part of that.
            if family(role) in known or (rest is not None and role in planned[rest]):
                continue
            leaves[path] = leaves.get(path, frozenset()) | {role}
            if papers.plan is not None:
                who = "the operator left it out" if path in left_out else "the run did not look"
                finding.fault(
                    f"{path} holds {plural(role)} ({count:,} of {counted(seen.values, 'value')}), "
                    f"and {who}",
                    leaf=path,
                )
    finding.say(
        f"{counted(len(detection.leaves), 'leaf', 'leaves')} of text or bytes, of which can be "
        f"matched: {', '.join(told) or 'none'}"
    )
    also = sorted(planned.keys() - detection.matchable().keys())
    if also:
        finding.say(f"judged too, because the plan says so: {', '.join(also)}")
    _say_possible(eligibility, detection, planned, finding)
    return leaves


def _say_possible(
    eligibility: Eligibility, detection: Detection, planned: Leaves, finding: Finding
) -> None:
    """Name what may be something, and was passed over: no fault, and not to be kept quiet."""
    told = []
    for path, roles in sorted(detection.possible().items()):
        if path not in planned:
            may = [plural(role) for role in sorted(roles) if eligibility.reaches(role)]
            if may:
                told.append(f"{path} ({' or '.join(may)})")
    if told:
        more = f" and {len(told) - _TOLD:,} more" if len(told) > _TOLD else ""
        finding.say(
            "not looked at, though it may be something (values alone cannot tell): "
            f"{', '.join(told[:_TOLD])}{more}"
        )
    passed = {path: seen.passed for path, seen in detection.leaves.items() if seen.passed}
    for path, count in sorted(passed.items()):
        finding.say(f"{path} has JSON of more names than are told apart: {count:,} passed over")
