"""The default radius follows from what was measured, for registries of a sensible size."""

from __future__ import annotations

import pytest
from optout.registry.images import DEFAULT_RADIUS
from optout.registry.images.tail import (
    PAIRS,
    SEEN_AT,
    TOLERATED,
    chance,
    radius_for,
    rows_by_chance,
)


def test_the_line_lies_above_what_was_seen() -> None:
    assert chance(SEEN_AT) > 1 / PAIRS
    shares = [chance(radius) for radius in range(SEEN_AT + 1)]
    assert shares == sorted(shares)


def test_nothing_is_said_of_what_was_not_measured() -> None:
    with pytest.raises(ValueError, match="nothing was measured at 57 bits"):
        chance(SEEN_AT + 1)


@pytest.mark.parametrize("variants", [0, 1, 10**6, 3 * 10**8])
def test_the_default_radius_does_for_up_to_a_hundred_million_pictures(variants: int) -> None:
    assert radius_for(variants) == DEFAULT_RADIUS


@pytest.mark.parametrize("radius", range(2, DEFAULT_RADIUS + 1, 2))
def test_at_every_step_as_many_are_registered_as_the_radius_allows(radius: int) -> None:
    # The largest number that a radius does for, and one more.
    most = int(TOLERATED / rows_by_chance(1, radius))
    assert radius_for(most - 1) == radius
    assert radius_for(most + 1) == radius - 2


@pytest.mark.parametrize(
    ("variants", "radius"), [(326_600_000, 30), (326_800_000, 28), (10**9, 26), (10**10, 22)]
)
def test_a_larger_registry_needs_a_smaller_radius(variants: int, radius: int) -> None:
    assert radius_for(variants) == radius
    assert rows_by_chance(variants, radius) <= TOLERATED < rows_by_chance(variants, radius + 2)


def test_no_radius_does_for_any_number() -> None:
    assert radius_for(10**30) == 0
