"""A world for desks: DNS, pages and a clock, all of them on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from optout.api.service import Desk

from tests.api.proofs.world import World, world

from .owners import opened_desk


@pytest.fixture(scope="module")
def _around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def around(_around: World) -> World:
    """The world, in which nothing stands anywhere."""
    _around.reset()
    return _around


@pytest.fixture
def desk(around: World, new_registry: Callable[[], Path]) -> Iterator[Desk]:
    with opened_desk(new_registry(), around.outside) as desk:
        yield desk
