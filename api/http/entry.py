"""The two doors of the service; both say kindly when its libraries are not installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from optout.api.errors import MissingExtra
from optout.api.limits import Limits

if TYPE_CHECKING:
    from fastapi import FastAPI
    from optout.api.settings import Settings

_EXTRA = (
    "aiosmtplib",
    "anyio",
    "babel",
    "dns",
    "fastapi",
    "httpcore2",
    "httptools",
    "idna",
    "jinja2",
    "multipart",
    "prometheus_client",
    "pydantic_settings",
    "python_multipart",
    "segno",
    "starlette",
    "structlog",
    "uvicorn",
)


def create_app(
    registry: str | Path,
    *,
    published: Path | None = None,
    public_url: str | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """Make the application that serves one registry.

    Args:
        registry: its SQLite file or database URL.
        published: the folder in which snapshots are built; beside a SQLite file by default.
        public_url: how people reach the service, for links; each request's own host by default.
        limits: how much a request may bring.

    Raises:
        MissingExtra: `optout[serve]` is not installed.
        RegistryError: there is no registry, or it cannot be opened.
    """
    with extra():
        from .app import build
    return build(registry, published, public_url, limits or Limits())


def serve(
    registry: str | Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    ready: Callable[[str], None] | None = None,
    published: Path | None = None,
    public_url: str | None = None,
    limits: Limits | None = None,
) -> None:
    """Serve one registry until the process is interrupted or terminated.

    Args:
        registry: its SQLite file or database URL.
        host: the address to listen on.
        port: 0 takes any free one.
        ready: called with the service's address once it answers.
        published: the folder in which snapshots are built; beside a SQLite file by default.
        public_url: how people reach the service, for links; each request's own host by default.
        limits: how much a request may bring.

    Raises:
        MissingExtra: `optout[serve]` is not installed.
        CannotListen: host and port cannot be listened on.
        RegistryError: there is no registry, or it cannot be opened.
    """
    with extra():
        from optout.api.settings import Settings

        from .app import build
        from .server import address_of, listen, port_of, run
        from .world import outside_of
    with listen(host, port) as listener:
        address = address_of(listener)
        # Links in letters lead where it listens, whichever port that is.
        told = Settings.model_construct(public_url=public_url, host=host, port=port_of(listener))
        outside = outside_of(told)
        app = build(registry, published, public_url, limits or Limits(), outside=outside)
        run(app, listener, lambda: ready(address) if ready else None)


def serve_settings(settings: Settings, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve as the settings say, with logs, quotas and metrics.

    Args:
        settings: all that the service is told.
        ready: called with the service's address once it answers.

    Raises:
        MissingExtra: `optout[serve]` is not installed.
        CannotListen: host and port cannot be listened on.
        RegistryError: there is no registry, or it cannot be opened.
    """
    with extra():
        from .app import build
        from .logs import configure
        from .server import address_of, listen, port_of, run
    with listen(settings.host, settings.port) as listener:
        address = address_of(listener)
        # Links in letters lead where it listens, whichever port that is.
        settings = settings.model_copy(update={"port": port_of(listener)})
        configure(settings.log_level)
        # The registry looks for its keys where the environment says, whoever opens it.
        os.environ["OPTOUT_KEYS"] = str(settings.keys)
        app = build(
            settings.registry,
            settings.published,
            settings.public_url,
            settings.limits,
            settings,
            beside=True,
        )
        run(
            app,
            listener,
            lambda: ready(address) if ready else None,
            settings.trusted_proxies,
        )


@contextmanager
def extra() -> Iterator[None]:
    """Say kindly what to install where a library of the service is missing.

    Raises:
        MissingExtra: it is.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise MissingExtra(
            f"the service's libraries are not installed ({missing.name} is missing)",
            "Install them with: pip install 'optout[serve]'",
        ) from missing
