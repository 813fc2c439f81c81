"""What a plan would look at too, had it been made with a shard that could not be read then."""

from __future__ import annotations

from collections.abc import Sequence

from optout.filter.columns import REST, Leaf, detect
from optout.filter.errors import ShardError

from .plan import Plan, left_to_detection, reached
from .survey import Surveyed, samples


def unplanned(plan: Plan, seen: Surveyed) -> list[str]:
    """The columns of a shard that a plan would look at, had it been made with this shard.

    Args:
        plan: made when the shard could not be read.
        seen: the shard as it is now.
    """
    detected = left_to_detection(detect(samples([seen])), plan.asked)
    return [
        column.path
        for column in detected
        if reached(column, plan.asked.policy)
        and column.role is not None
        and Leaf(column.path, column.role) not in plan.leaves
        and not _is_covered(Leaf(column.path, column.role), plan.leaves)
    ]


def unplanned_shards(plan: Plan, seen: Sequence[Surveyed]) -> dict[str, ShardError]:
    """Shards that could not be planned for: they must not pass with columns unlooked at."""
    faults = {}
    for each in seen:
        name = each.shard.name
        if each.identity is None or plan.inputs[name] is not None:
            continue
        columns = ", ".join(unplanned(plan, each))
        if columns:
            faults[name] = ShardError(
                name,
                f"{name} could not be read when the run was planned: the plan does not look at "
                f"its {columns}",
                "Filter it into an OUT of its own, or everything anew with --overwrite.",
            )
    return faults


def _is_covered(leaf: Leaf, planned: Sequence[Leaf]) -> bool:
    """Whether a place in JSON is looked at wherever in the JSON it stands."""
    return any(
        rest.is_rest and leaf.path.startswith(rest.path.removesuffix(REST))
        for rest in planned
        if rest.role == leaf.role
    ) and all(leaf.path != other.path for other in planned)
