"""The real service on a real registry, and pictures to hand in."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from optout.api.http import create_app
from optout.api.http.world import outside_of
from optout.api.service import Limits, Outside
from optout.api.settings import Settings
from optout.registry import Registry
from PIL import Image

from tests.api.proofs.world import World, world

Serving = Callable[..., AbstractContextManager[TestClient]]


@pytest.fixture(scope="session")
def photograph() -> Callable[..., bytes]:
    """A picture with texture at many scales, unlike any other seed's, as a file."""

    def photograph(seed: int = 1, form: str = "JPEG", size: tuple[int, int] = (240, 180)) -> bytes:
        random = np.random.default_rng(seed)
        width, height = size
        y, x = np.mgrid[0:height, 0:width] / 50
        grey = random.normal(0, 0.1, (height, width))
        for octave in range(1, 14):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            grey += np.sin(octave * (x * np.cos(angle) + y * np.sin(angle)) + phase) / octave**0.5
        scaled = (grey - grey.min()) / (grey.max() - grey.min()) * 255
        return encoded(Image.fromarray(scaled.astype(np.uint8)), form)

    return photograph


@pytest.fixture(scope="session")
def plain_picture() -> bytes:
    """A black square on white: a picture that likeness cannot tell apart from others."""
    picture = Image.new("L", (200, 200), "white")
    picture.paste(0, (80, 80, 120, 120))
    return encoded(picture, "PNG")


def encoded(picture: Image.Image, form: str) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form)
    return stream.getvalue()


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a registry that holds nothing; to be copied."""
    folder = tmp_path_factory.mktemp("empty registry")
    Registry.create(folder / "optout.db").close()
    return folder


@pytest.fixture(scope="session")
def new_registry(
    empty_registry: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path]:
    """Makes a registry of one's own: the path of its database."""

    def new_registry() -> Path:
        folder = tmp_path_factory.mktemp("registry") / "held"
        shutil.copytree(empty_registry, folder)
        return folder / "optout.db"

    return new_registry


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    """The world as it is, but for letters, which go into a folder."""
    return outside_of(Settings(state=tmp_path))


@pytest.fixture(scope="session")
def serving(new_registry: Callable[[], Path]) -> Serving:
    """Serves a registry of one's own; `client.app.state` knows its desk, `client.database` it."""

    @contextmanager
    def serving(
        *, limits: Limits | None = None, public_url: str | None = None, database: Path | None = None
    ) -> Iterator[TestClient]:
        # Whatever was registered can be seen at once.
        told = replace(limits or Limits(), publish_seconds=0)
        app = create_app(database or new_registry(), limits=told, public_url=public_url)
        with TestClient(app, base_url="http://optout.example") as client:
            yield client

    return serving


@pytest.fixture(scope="module")
def client(serving: Serving) -> Iterator[TestClient]:
    """One service for a whole file of tests."""
    with serving() as client:
        yield client


@pytest.fixture(scope="module")
def _around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def around(_around: World) -> World:
    """The world, in which nothing stands anywhere."""
    _around.reset()
    return _around
