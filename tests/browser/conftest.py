"""A real browser on a real service, with a real mail server behind it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.api.mail.boxes import Handler, keeping, serving_apart

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
LANGUAGES = {"en": "en-GB", "fr": "fr-FR"}
PHONE, DESKTOP = (390, 844), (1280, 900)
WIDTHS = {"phone": PHONE, "desktop": DESKTOP}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.debian)


@dataclass
class Service:
    """A service that has just begun.

    Attributes:
        address: where it listens.
        registry: its database.
        box: what its mail server was given.
    """

    address: str
    registry: Path
    box: Handler


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`optout serve` on a registry of its own; its letters go to a mail server on this machine."""
    folder = tmp_path_factory.mktemp("served")
    box = Handler()
    with serving_apart(keeping(box)) as port, served(folder, port) as (address, registry):
        yield Service(address, registry, box)


class served:  # noqa: N801 (reads as a word)
    """`optout serve` in a folder; its letters go to a port.

    Args:
        folder: an empty one.
        port: of a mail server on this machine.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._registry = folder / "optout.db"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "error",
            "OPTOUT_REGISTRY": str(self._registry),
            "OPTOUT_STATE": str(folder / "state"),
            "OPTOUT_PUBLISHED": str(folder / "published"),
            # Whatever was registered can be seen at once, and all visitors here are one network.
            "OPTOUT_LIMITS_PUBLISH_SECONDS": "0",
            "OPTOUT_QUOTAS_ENABLED": "false",
            # There is nobody outside who could answer for anna.example.
            "OPTOUT_LIMITS_CHECK_SECONDS": "2",
            "OPTOUT_MAIL_HOST": "127.0.0.1",
            "OPTOUT_MAIL_PORT": str(port),
            "OPTOUT_MAIL_SECURITY": "none",
            "OPTOUT_MAIL_SENDER": "optout@optout.example",
        }
        self._command = [sys.executable, "-m", "optout.api.cli"]

    def __enter__(self) -> tuple[str, Path]:
        subprocess.run(
            [*self._command, "init", "--origin", "log.example/test"],
            check=True,
            capture_output=True,
            env=self._environment,
        )
        self._server = subprocess.Popen(
            [*self._command, "serve", "--port", "0", "--log-level", "warning"],
            env=self._environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert self._server.stderr is not None
        told = []
        for line in self._server.stderr:
            told.append(line)
            if found := re.search(r"http://[0-9.]+:\d+", line):
                return found.group(), self._registry
        raise AssertionError(f"the server did not say where it listens: {''.join(told)}")

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.communicate(timeout=20)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@dataclass
class Seen:
    """What a browser did and said while it was open.

    Attributes:
        requests: all that it sent.
        complaints: errors and warnings of its console, and what went wrong in a page.
    """

    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Note all that happens in a browser from now on."""
        context.on("request", lambda request: self.requests.append(request))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on(
            "console",
            lambda message: (
                self.complaints.append(f"{message.type}: {message.text}")
                if message.type in {"error", "warning"}
                else None
            ),
        )

    def hosts(self) -> set[str]:
        """All that it has asked, but for what a page itself holds."""
        addresses = [urlsplit(request.url) for request in self.requests]
        return {each.netloc for each in addresses if each.scheme not in {"data", "blob"}}


@dataclass
class Visitor:
    """Somebody with a browser.

    Attributes:
        page: what is shown.
        seen: what the browser did.
        language: that its owner reads.
        scripts: whether it runs JavaScript.
    """

    page: Page
    seen: Seen
    language: str
    scripts: bool


Visiting = Callable[..., Visitor]


def visit(
    chromium: Browser,
    base: str,
    language: str = "en",
    width: str = "desktop",
    *,
    scripts: bool = True,
) -> Visitor:
    """Somebody who has just opened a browser.

    Args:
        chromium: what runs it.
        base: where the service is.
        language: that the browser asks for.
        width: `phone` or `desktop`.
        scripts: whether it runs JavaScript.
    """
    wide, high = WIDTHS[width]
    context = chromium.new_context(
        base_url=base,
        locale=LANGUAGES[language],
        viewport={"width": wide, "height": high},
        has_touch=width == "phone",
        is_mobile=width == "phone",
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    seen = Seen()
    seen.watch(context)
    return Visitor(context.new_page(), seen, language, scripts)


@pytest.fixture
def visiting(chromium: Browser, service: Service) -> Iterator[Visiting]:
    """Opens browsers, as `visit` does: at the service, unless another place is said."""
    opened: list[Visitor] = []

    def visiting(*given: str, base: str = "", scripts: bool = True) -> Visitor:
        opened.append(visit(chromium, base or service.address, *given, scripts=scripts))
        return opened[-1]

    yield visiting
    for visitor in opened:
        visitor.page.context.close()


@pytest.fixture(params=["en", "fr"])
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["phone", "desktop"])
def width(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def visitor(visiting: Visiting, language: str, width: str, scripts: bool) -> Visitor:
    """Somebody of every language and width, with and without JavaScript."""
    return visiting(language, width, scripts=scripts)


@pytest.fixture
def phone(visiting: Visiting, language: str, scripts: bool) -> Visitor:
    """Somebody with a phone, of every language, with and without JavaScript."""
    return visiting(language, "phone", scripts=scripts)
