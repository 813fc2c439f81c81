"""Long work in a process of its own, beside the one that serves.

Python lets one thread of a process compute at a time: whoever asks would wait for every turn that
building a snapshot or reading a list takes. Here such work has its own process and its own memory,
which is given back when it ends, and yields to those who serve.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from optout.api.errors import WorkerBroken
from optout.api.places import where
from optout.registry import Registry
from optout.registry.errors import RegistryError

log = logging.getLogger("optout.api")

_NICE = 10
_FIRST_TO_GO = "1000"
_LOOK_SECONDS = 0.05
_END_SECONDS = 30.0
_LOCATION = "OPTOUT_REGISTRY"
_STOPPED = 75  # EX_TEMPFAIL of sysexits.h
_ENDS = (signal.SIGTERM, signal.SIGINT)


Work = Callable[[Registry, list[str], threading.Event], bool]
"""Work on a registry, with its arguments; false where it stopped early, once the event was set."""


class Beside:
    """Runs functions of ours beside this process, one after another or several at once.

    Args:
        location: the registry's SQLite file or database URL.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._ending = threading.Event()

    def run(self, main: Callable[[], None], *arguments: str) -> bool:
        """Run a function of ours to its end.

        Args:
            main: stands at the top of its module, and calls `work_beside`.
            arguments: what that is told.

        Returns:
            False where it was stopped before its time: by `end`, or by who stops the service.

        Raises:
            RegistryError: it failed; where, is noted.
            WorkerBroken: it crashed, or was killed.
        """
        if self._ending.is_set():
            return False
        program = f"from {main.__module__} import {main.__name__} as main; main()"
        theirs, ours = os.pipe()  # it ends when ours is closed, and when this process is no more
        try:
            try:
                process = subprocess.Popen(  # noqa: S603  # our own module, no shell
                    [sys.executable, "-c", program, *arguments],
                    # An address may hold a password, and everybody sees how processes are called.
                    env={**os.environ, _LOCATION: self._location},
                    stdin=theirs,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    # Ctrl-C goes to every process of a terminal: this one is ended from here.
                    start_new_session=True,
                )
            finally:
                os.close(theirs)
            while process.poll() is None and not self._ending.wait(_LOOK_SECONDS):
                pass
        finally:
            os.close(ours)
        try:
            said, _ = process.communicate(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        if process.returncode == 0:
            return True
        # Who stops the service may tell every process of it so, before this one is prepared.
        told_to_end = process.returncode in {_STOPPED, *(-number for number in _ENDS)}
        if self._ending.is_set() or told_to_end:
            return False
        if process.returncode < 0:
            raise WorkerBroken(
                f"what is done beside the service was ended by signal {-process.returncode}"
            )
        log.error("beside the service: %s", said.strip() or process.returncode)
        raise RegistryError("what is done beside the service has failed")

    def end(self) -> None:
        """Stop whatever runs, and run nothing more."""
        self._ending.set()


def work_beside(work: Work) -> None:
    """Do some work as a process that `Beside` has started: until it is done, or stdin ends.

    A failure is told on stdout by its type and place alone, because its words may quote what a
    person has sent.
    """
    # systemd tells all processes of a service to end: this one ends when the service has.
    for number in _ENDS:
        signal.signal(number, _turn_a_deaf_ear)
    ending = threading.Event()

    def watch() -> None:
        with suppress(OSError):
            sys.stdin.read()
        ending.set()

    threading.Thread(target=watch, daemon=True).start()
    with suppress(OSError):
        os.nice(_NICE)
        # Where memory runs out, as a hostile list may want, this process goes and not the service.
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, "ascii")
    try:
        with Registry.open(os.environ[_LOCATION]) as registry:
            done = work(registry, sys.argv[1:], ending)
    except Exception as error:  # who started this hears of it
        sys.stdout.write(where(error))
        sys.exit(1)
    sys.exit(0 if done else _STOPPED)


def _turn_a_deaf_ear(_number: int, _frame: object) -> None:
    # Unlike SIG_IGN this is not handed down to the programs that the work may start.
    return
