"""Small worlds for filters: snapshots of real identifiers, and shards in published schemas."""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from optout.registry.identifiers import Grade, Identifier
from optout.registry.log import Add, Checkpoint, Opening, SigningKey, leaf_hash, root
from optout.registry.snapshot import Snapshot, build_snapshot
from PIL import Image

DAY = "2026-01-31"
LOG_KEY = SigningKey("registry.example", bytes(range(32)))


@pytest.fixture(scope="session", autouse=True)
def own_signing_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or makes the key of whoever runs the tests."""
    path = tmp_path_factory.mktemp("configuration") / "signing.key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPTOUT_SIGNING_KEY", str(path))
        yield path


@functools.cache
def drawn(seed: int, size: tuple[int, int]) -> Image.Image:
    random = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0:height, 0:width] / 40
    channels = []
    for _ in range(3):
        channel = np.zeros((height, width))
        for octave in range(1, 14):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            wave = octave * (x * np.cos(angle) + y * np.sin(angle)) + phase
            channel += np.sin(wave) / octave**0.3
        channel += random.normal(0, 0.05, channel.shape)
        channels.append((channel - channel.min()) / (channel.max() - channel.min()) * 255)
    return Image.fromarray(np.stack(channels, axis=2).astype(np.uint8), "RGB")


@pytest.fixture(scope="session")
def photograph() -> Callable[..., Image.Image]:
    """A picture with texture at many scales, unlike any other seed's."""
    return lambda seed, size=(240, 180): drawn(seed, size)


@pytest.fixture(scope="session")
def encoded() -> Callable[..., bytes]:
    """A picture's file."""

    def encode(picture: Image.Image, form: str = "JPEG", **options: int) -> bytes:
        stream = io.BytesIO()
        picture.save(stream, form, **options)
        return stream.getvalue()

    return encode


@pytest.fixture(scope="session")
def snapshot_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Snapshot]:
    """A snapshot of identifiers: entry 0 is the first of them.

    An item is an identifier, or a tuple of it, its grade (`reviewed`) and its usages (`train-ai`).
    """

    def take(*items: Identifier | tuple) -> Snapshot:
        leaves, openings = [], []
        for index, item in enumerate(items):
            identifier, grade, usage = (
                *(item if isinstance(item, tuple) else (item,)),
                *("reviewed", ("train-ai",))[(len(item) if isinstance(item, tuple) else 1) - 1 :],
            )
            opening = Opening.of(index, identifier, index.to_bytes(16))
            token = hashlib.sha256(b"token" + index.to_bytes(8)).digest()
            added = Add(
                identifier.kind, opening.commitment(), token, tuple(usage), Grade(grade), DAY
            )
            leaves.append(added.leaf())
            openings.append(opening)
        note = Checkpoint("registry.example", len(leaves), root(list(map(leaf_hash, leaves))))
        return build_snapshot(
            tmp_path_factory.mktemp("snapshot") / "snapshot",
            leaves=leaves,
            openings=openings,
            checkpoint=note.sign(LOG_KEY),
            key=LOG_KEY,
        )

    return take


@pytest.fixture(scope="session")
def batch() -> Callable[..., pa.RecordBatch]:
    """Columns by name as rows in memory."""
    return lambda **columns: pa.RecordBatch.from_pydict(columns)
