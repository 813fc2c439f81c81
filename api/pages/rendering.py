"""Making pages: the language of a request, the form that it sends, the template that answers it."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from optout.api.service import Form, Limits, read_form
from starlette.responses import HTMLResponse, Response

from . import assets, languages, words

READ = ("GET", "HEAD")
"""The methods of whoever only looks."""


class Rendering:
    """Makes pages from templates, in the language of who asks.

    Args:
        limits: of the service, for the pages that tell them and for what is read.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.languages = languages.load()
        self.assets = assets.load()

    async def form(self, request: Request) -> Form:
        """What a page has sent.

        Raises:
            UnsupportedBody: it is no form.
            UnreadableBody: it cannot be read.
            BodyTooLarge: it brings too much.
        """
        content_type = request.headers.get("content-type", "")
        return await read_form(content_type, request.stream(), self.limits)

    def language(self, request: Request, form: Form | None = None) -> languages.Language:
        """The language that a form or an address names, or else the browser's."""
        chosen = (form.text("lang") if form else "") or request.query_params.get("lang", "")
        if chosen not in self.languages:
            accepted = request.headers.get("accept-language", "")
            chosen = languages.preferred(accepted, self.languages)
        return self.languages[chosen]

    def page(
        self,
        request: Request,
        language: languages.Language,
        template: str,
        status: int = 200,
        **values: Any,  # noqa: ANN401 (what the template asks for)
    ) -> Response:
        """A page.

        Args:
            request: what it answers.
            language: of its words.
            template: its name.
            status: of HTTP.
            values: what the template asks for beside what all of them know.
        """
        html = language.template(template).render(
            assets=self.assets,
            languages=self.languages,
            limits=self.limits,
            path=request.url.path,
            posted=request.method == "POST",
            words=words,
            **values,
        )
        headers = {"Content-Language": language.code, "Vary": "Accept-Language"}
        return HTMLResponse(html.encode("utf-8", "replace"), status, headers)
