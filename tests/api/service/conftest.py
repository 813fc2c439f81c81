"""A world for desks: DNS, pages and a clock, all of them on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from optout.api.service import Desk

from tests.api.proofs.world import World

from .owners import opened_desk


@pytest.fixture
def desk(around: World, new_registry: Callable[[], Path]) -> Iterator[Desk]:
    with opened_desk(new_registry(), around.outside) as desk:
        yield desk
