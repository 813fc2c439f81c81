"""Firefox, and WebKit as Safari has it: the engines of Debian that Playwright does not drive.

Firefox speaks WebDriver BiDi, WebKitGTK's driver the older WebDriver (both: W3C). Little of either
is needed here: a page, an expression, a file that somebody chooses.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from websockets.sync.client import ClientConnection, connect

MINI_BROWSERS = sorted(Path("/usr/lib").glob("*/webkit*gtk-*/MiniBrowser"))
"""What comes with WebKitGTK to try it."""

_SECONDS = 120.0
_DIRECT = build_opener(ProxyHandler({}))
"""Whatever proxy is set: all of this is on this machine."""


class Engine(ABC):
    """One page of a browser."""

    @abstractmethod
    def go(self, address: str) -> None:
        """Open an address, and wait until it is there."""

    @abstractmethod
    def evaluate(self, expression: str) -> Any:
        """The value of an expression, or of the promise that it is."""

    @abstractmethod
    def choose(self, selector: str, files: Sequence[Path]) -> None:
        """Choose files in a field."""

    def wait(self, expression: str) -> None:
        """Wait until something is so, whichever page is open by then."""
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            try:
                if self.evaluate(f"Boolean({expression})"):
                    return
            except WentAway:
                pass
            time.sleep(0.05)
        raise AssertionError(f"it never came to be: {expression}")

    def click(self, selector: str) -> None:
        """Click on the first such element."""
        self.wait(f"document.querySelector({json.dumps(selector)})")
        # The page may be gone before a click has an answer.
        self.evaluate(f"setTimeout(() => document.querySelector({json.dumps(selector)}).click())")


class WentAway(Exception):  # noqa: N818 (says what happened)
    """The page was left while something was evaluated."""


class Firefox(Engine):
    """Firefox by WebDriver BiDi; see `firefox`."""

    def __init__(self, spoken: ClientConnection) -> None:
        self._socket = spoken
        self._numbers = count(1)
        self._ask("session.new", capabilities={})
        self._page = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def go(self, address: str) -> None:
        self._ask("browsingContext.navigate", context=self._page, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        told = self._ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then((it) => JSON.stringify(it ?? null))",
            target={"context": self._page},
            awaitPromise=True,
        )
        assert told["type"] == "success", told
        return json.loads(told["result"]["value"])

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        (found,) = self._ask(
            "browsingContext.locateNodes",
            context=self._page,
            locator={"type": "css", "value": selector},
        )["nodes"]
        self._ask(
            "input.setFiles",
            context=self._page,
            element={"sharedId": found["sharedId"]},
            files=[str(path) for path in files],
        )

    def _ask(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self._socket.recv(timeout=_SECONDS))
            if told.get("id") == number:
                break
        if told["type"] == "error":
            raise WentAway(told)
        return told["result"]


class WebKit(Engine):
    """WebKitGTK by its driver; see `webkit`."""

    def __init__(self, port: int) -> None:
        self._at = f"http://127.0.0.1:{port}/session"
        browser = {"binary": str(MINI_BROWSERS[-1]), "args": ["--automation"]}
        told = self._ask("", capabilities={"alwaysMatch": {"webkitgtk:browserOptions": browser}})
        self._at += f"/{told['sessionId']}"
        self._ask("/timeouts", script=int(_SECONDS * 1000))

    def go(self, address: str) -> None:
        self._ask("/url", url=address)

    def evaluate(self, expression: str) -> Any:
        script = (
            f"const done = arguments[0]; Promise.resolve({expression}).then("
            "(it) => done([JSON.stringify(it ?? null)]), (fault) => done(String(fault)))"
        )
        told = self._ask("/execute/async", script=script, args=[])
        assert isinstance(told, list), told
        return json.loads(told[0])

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        found = self._ask("/element", using="css selector", value=selector)
        (element,) = found.values()
        self._ask(f"/element/{element}/value", text="\n".join(map(str, files)))

    def _ask(self, path: str, **body: Any) -> Any:
        request = Request(
            self._at + path,
            json.dumps(body).encode("utf-8"),
            {"Content-Type": "application/json"},
        )
        try:
            with _DIRECT.open(request, timeout=_SECONDS) as answer:
                return json.load(answer)["value"]
        except HTTPError as fault:
            raise WentAway(fault.read().decode("utf-8")) from None


@contextmanager
def firefox(folder: Path, **preferences: bool) -> Iterator[Firefox]:
    """Debian's Firefox without a window.

    Args:
        folder: an empty one, for its profile.
        preferences: as in `about:config`, `_` for a dot.
    """
    lines = [
        f'user_pref("{name.replace("_", ".")}", {json.dumps(value)});'
        for name, value in preferences.items()
    ]
    (folder / "user.js").write_text("\n".join(lines))
    command = ["firefox-esr", "--headless", "--no-remote", "--remote-debugging-port", "0"]
    errors = folder / "errors.txt"
    with errors.open("w") as told:
        process = subprocess.Popen(
            [*command, "--profile", str(folder)],
            env=_environment(folder),
            stdout=subprocess.DEVNULL,
            stderr=told,
            start_new_session=True,
        )
    try:
        address = _said(errors, r"WebDriver BiDi listening on (ws://\S+)")
        with connect(f"{address}/session", max_size=None, proxy=None) as spoken:
            yield Firefox(spoken)
    finally:
        _end(process)


@contextmanager
def webkit(folder: Path) -> Iterator[WebKit]:
    """Debian's WebKitGTK, on a screen that nobody sees."""
    screen = folder / "screen.txt"
    with screen.open("w") as told:
        display = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
            stdout=told,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        port = _free_port()
        driver = subprocess.Popen(
            ["WebKitWebDriver", f"--port={port}"],
            env=_environment(folder)
            | {
                "DISPLAY": ":" + _said(screen, r"(\d+)\n"),
                # Whoever runs this may be root, in a container that allows no other.
                "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield _first_session(port)
        finally:
            _end(driver)
    finally:
        _end(display)


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return kept | {"HOME": str(home)}


def _end(process: subprocess.Popen[Any]) -> None:
    """End a process that leads a session, and all that it began."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _said(path: Path, pattern: str) -> str:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        if found := re.search(pattern, path.read_text()):
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(f"it did not say {pattern}: {path.read_text()}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _first_session(port: int) -> WebKit:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            return WebKit(port)
        except (URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
