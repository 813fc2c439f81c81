"""Pictures are read in processes of their own, which have a ceiling on memory and on time.

A decoder is the largest piece of code that meets what strangers send. Whatever a picture does to
it, only that process ends, and only that picture is refused.
"""

from __future__ import annotations

import os
import resource
import signal
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import anyio
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process
from optout.api.limits import Limits
from optout.registry.identifiers import Identifier
from optout.registry.images import phash
from PIL import Image

from .forms import Upload
from .items import Item, Refusal
from .pictures import called, item_of, read_picture

_START_SECONDS = 60.0
"""How long a process may take, beyond the picture's own time, to start and to answer."""

Told = tuple[list[dict[str, Any]], str] | tuple[str, str, str, str, "Told | None"]
"""An item as its matter and name, a refusal as its words: what goes from one process to another."""


async def read_picture_apart(upload: Upload, number: int, limits: Limits) -> Item | Refusal:
    """Hash one picture in another process; see `read_picture`.

    Args:
        upload: the picture as it was sent.
        number: its place, from 1.
        limits: how much memory and time it may take.
    """
    if not upload.data:
        return read_picture(upload, number)
    # The process keeps the picture's time itself: anyio forgets one that is not wanted any more
    # while it starts, which would go on, and outlive the loop. This here is for one that hangs.
    with anyio.move_on_after(limits.picture_seconds + _START_SECONDS, shield=True):
        try:
            # Who calls this has its turn already.
            told = await to_process.run_sync(
                _read, upload, number, limits, cancellable=True, limiter=_one()
            )
            return _heard(told)
        except BrokenWorkerProcess:
            pass
    return Refusal(
        called(upload, number),
        "too-many-pixels",
        "the picture takes more memory or time to decode than there is for one",
        "Send it at a smaller size.",
    )


def _one() -> CapacityLimiter:
    return CapacityLimiter(1)


def _read(upload: Upload, number: int, limits: Limits) -> Told:
    """Runs in the other process."""
    _confine(limits.picture_memory)
    # The system ends this process then, whatever code it is in.
    signal.setitimer(signal.ITIMER_REAL, limits.picture_seconds)
    try:
        return _told(read_picture(upload, number))
    except MemoryError:
        # What is left of the memory may be in pieces: the next picture gets a new process.
        os._exit(1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@cache
def _confine(memory: int) -> None:
    """Let this process have no more than `memory` bytes beyond what it has when it is ready."""
    # Ctrl-C goes to every process of a terminal: the service finishes what is under way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whoever started the service may have had no use for alarms.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    with suppress(OSError):
        # Where memory runs out all the same, this process goes and not the service.
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    # What hashing brings with it belongs to being ready.
    phash(Image.new("L", (64, 64)), 16)
    statm = Path("/proc/self/statm")
    if statm.exists():
        held = int(statm.read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        room = held + memory
        resource.setrlimit(
            resource.RLIMIT_AS,
            (room if most == resource.RLIM_INFINITY else min(room, most), most),
        )


def _told(result: Item | Refusal) -> Told:
    if isinstance(result, Item):
        return [identifier.matter() for identifier in result.identifiers], result.shown
    offer = _told(result.offer) if result.offer else None
    return result.shown, result.reason, result.detail, result.advice, offer


def _heard(told: Told) -> Item | Refusal:
    if len(told) == 2:
        matter, name = told
        return item_of(*map(Identifier.from_matter, matter), name=name)
    shown, reason, detail, advice, offer = told
    item = _heard(offer) if offer else None
    return Refusal(shown, reason, detail, advice, item if isinstance(item, Item) else None)
