"""Real photographs, read from scikit-image's folder by their path."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

_PHOTOGRAPHS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "retina.jpg",
    "rocket.jpg",
)


@pytest.fixture(scope="session")
def folder() -> Path:
    found = importlib.util.find_spec("skimage")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "data"


@pytest.fixture(scope="session", params=_PHOTOGRAPHS)
def photograph(folder: Path, request: pytest.FixtureRequest) -> bytes:
    """The file of one photograph: a test that asks for it is run for each."""
    return (folder / request.param).read_bytes()


@pytest.fixture(scope="session")
def cat(folder: Path) -> Image.Image:
    with Image.open(folder / "chelsea.png") as picture:
        return picture.convert("RGB")


@pytest.fixture(scope="session")
def saved() -> Callable[..., bytes]:
    """A picture as a file: `saved(picture, "JPEG", quality=90)`."""

    def save(picture: Image.Image, kind: str = "PNG", **how: object) -> bytes:
        file = io.BytesIO()
        picture.save(file, kind, **how)
        return file.getvalue()

    return save
