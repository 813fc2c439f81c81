"""Pictures are read in a process that may die of one; the service does not."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import signal
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from optout.api.service import Item, Limits, Refusal, Upload, apart, read_picture
from optout.api.service.apart import read_picture_apart
from PIL import Image

LIMITS = Limits()
T = TypeVar("T")


def run(work: Coroutine[None, None, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 60))


@pytest.fixture(scope="module")
def large_picture() -> bytes:
    """A file of 50 KB, and 192 MB where it is decoded."""
    stream = io.BytesIO()
    Image.new("RGBA", (4000, 4000), (1, 2, 3, 4)).save(stream, "PNG")
    return stream.getvalue()


def test_a_picture_is_understood_as_it_would_be_here(
    photograph: Callable[..., bytes], plain_picture: bytes
) -> None:
    async def read() -> list[Item | Refusal]:
        return [await read_picture_apart(upload, 3, LIMITS) for upload in uploads]

    uploads = [
        Upload("a.jpg", photograph()),
        Upload("", photograph(2)),
        Upload("logo.png", plain_picture),
        Upload("no.jpg", b"no picture"),
        Upload("empty.jpg"),
        Upload("large.jpg", excess="too-large"),
    ]
    assert run(read()) == [read_picture(upload, 3) for upload in uploads]


@pytest.mark.parametrize(
    "limits", [replace(LIMITS, picture_memory=64 << 20), replace(LIMITS, picture_seconds=0.01)]
)
def test_a_picture_that_takes_too_much_is_refused_and_the_next_one_is_read(
    large_picture: bytes, photograph: Callable[..., bytes], limits: Limits
) -> None:
    async def read() -> tuple[Item | Refusal, Item | Refusal]:
        bomb = await read_picture_apart(Upload("bomb.png", large_picture), 1, limits)
        wide = replace(limits, picture_seconds=50)
        return bomb, await read_picture_apart(Upload("a.jpg", photograph()), 2, wide)

    refusal, item = run(read())
    assert isinstance(refusal, Refusal)
    assert (refusal.shown, refusal.reason) == ("bomb.png", "too-many-pixels")
    assert isinstance(item, Item)


@pytest.mark.parametrize("seconds", [0.01, 60])
def test_no_process_outlives_the_loop_it_reads_for(
    photograph: Callable[..., bytes], seconds: float
) -> None:
    before = set(_children())
    run(
        read_picture_apart(
            Upload("a.jpg", photograph()), 1, replace(LIMITS, picture_seconds=seconds)
        )
    )
    # What the loop has left open warns of itself where it is found.
    gc.collect()
    assert set(_children()) <= before


def _children() -> list[str]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [child for task in tasks for child in task.read_text("ascii").split()]


def test_a_picture_that_ends_its_process_is_refused(
    photograph: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read() -> tuple[Item | Refusal, Item | Refusal]:
        monkeypatch.setattr(apart, "_read", _die)
        deadly = await read_picture_apart(Upload("", b"x"), 7, LIMITS)
        monkeypatch.undo()
        return deadly, await read_picture_apart(Upload("a.jpg", photograph()), 2, LIMITS)

    refusal, item = run(read())
    assert isinstance(refusal, Refusal)
    assert (refusal.shown, refusal.reason) == ("#7", "too-many-pixels")
    assert isinstance(item, Item)


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_command_line_can_be_loaded_by_its_path() -> None:
    # The process that reads a picture does so, with the file that the service was started by.
    import runpy

    import optout.api.cli

    path = Path(optout.api.cli.__file__).with_name("__main__.py")
    assert callable(runpy.run_path(str(path), run_name="__mp_main__")["main"])
