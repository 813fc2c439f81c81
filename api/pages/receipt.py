"""The receipt: what a person keeps. A number, a secret, one link that holds both."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import segno
from markupsafe import Markup
from optout.registry.cases import Case

from .things import Thing, things_of


@dataclass(frozen=True, slots=True)
class Receipt:
    """One case and its key.

    Attributes:
        case: what was registered.
        secret: the only key to it, as it is shown.
        link: opens the case; the secret stands in the fragment, which no server is sent.
        checkpoint: the log as it stood when this was made, signed; empty where nobody could say.
    """

    case: Case
    secret: str
    link: str
    checkpoint: str

    @property
    def keys(self) -> tuple[str, str]:
        """Number and secret, as the desk asks for them."""
        return self.case.number, self.secret

    @property
    def things(self) -> list[Thing]:
        """What was registered."""
        return things_of(self.case.items)

    @property
    def log_size(self) -> int:
        """How many records the log had."""
        return int(self.checkpoint.split("\n", 2)[1])

    @property
    def code(self) -> Markup:
        """The link as a QR code: an inline drawing without styles of its own."""
        stream = BytesIO()
        segno.make(self.link, error="m", micro=False).save(
            stream,
            kind="svg",
            border=3,
            xmldecl=False,
            svgns=True,
            omitsize=True,
            svgclass="qr",
            lineclass=None,
            nl=False,
        )
        return Markup(stream.getvalue().decode("utf-8"))  # noqa: S704 (made by segno alone)
