"""What the registry holds, for all; and its commands, for those who filter and those who check.

Everything shown was counted when the snapshot was built: looking costs no reading of the log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from optout.api.service import Desk
from optout.registry.identifiers import Grade, Kind
from starlette.responses import Response

from . import charts, look_up_words, registry_words
from .rendering import READ, Rendering


class RegistryPages:
    """The registry's own page, and those of its commands.

    Args:
        desk: knows what is published.
        rendering: makes pages.
        base: the address under which a request's sender reaches the service.
    """

    routes = (
        ("/registry", READ, "registry"),
        ("/engineers", READ, "engineers"),
        ("/auditors", READ, "auditors"),
    )

    def __init__(self, desk: Desk, rendering: Rendering, base: Callable[[Request], str]) -> None:
        self._desk = desk
        self._rendering = rendering
        self._base = base

    async def registry(self, request: Request) -> Response:
        """What the list holds, how it grew, and the state of its log."""
        published = await self._desk.published.current()
        figures, snapshot = published.figures, published.snapshot
        return self._page(
            *(request, "registry.html"),
            figures=figures,
            snapshot=snapshot,
            kinds=[kind for kind in Kind if kind in figures.held],
            grades=tuple(Grade),
            chart=charts.chart_of(figures.days, figures.built.date()),
            rows=charts.table_of(figures.days),
            witnesses=witnesses_of(snapshot.checkpoint, snapshot.key.name),
        )

    async def engineers(self, request: Request) -> Response:
        """How whoever trains a model takes out what is on the list."""
        return self._page(request, "engineers.html")

    async def auditors(self, request: Request) -> Response:
        """How anybody checks the list, and what was made with it."""
        published = await self._desk.published.current()
        return self._page(request, "auditors.html", key=published.snapshot.key)

    def _page(
        self,
        request: Request,
        template: str,
        **values: Any,  # noqa: ANN401 (what the template asks for)
    ) -> Response:
        page = self._rendering.page(
            *(request, self._rendering.language(request), template),
            told=registry_words,
            moment=look_up_words.moment,
            base=self._base(request),
            **values,
        )
        page.headers["Cache-Control"] = "private, no-cache"
        return page


def witnesses_of(checkpoint: str, signer: str) -> list[str]:
    """Who has signed a checkpoint beside the log itself, by the names of their keys.

    Args:
        checkpoint: a signed note.
        signer: the name of the log's own key.
    """
    signatures = checkpoint.rpartition("\n\n")[2].splitlines()
    names = [line.removeprefix("— ").partition(" ")[0] for line in signatures]
    return [name for name in dict.fromkeys(names) if name != signer]
