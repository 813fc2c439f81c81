"""The pages of somebody who objects to an entry: send a notice, and see what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from fastapi import Request
from optout.api.errors import KeyTaken, TooOften
from optout.api.service import (
    CountedNotice,
    Desk,
    Item,
    Refusal,
    read_line,
    read_value,
    uncounted_notice,
    visible,
)
from optout.registry.cases import CaseNotFound, Notice, Reason, folded
from optout.registry.errors import IdentifierError, UsageError
from optout.registry.identifiers import Identifier, Kind
from starlette.responses import PlainTextResponse, Response

from .languages import N_, Language
from .rendering import READ, Rendering
from .sending_once import new_once, once_of
from .statements import statement_of, statement_problem

REASONS: Mapping[str, str] = {
    "not-theirs": N_("It is not theirs: it is mine, or somebody else’s."),
    "licensed": N_("It may be used for training, under a licence."),
    "mistaken-identity": N_("It was taken for something else."),
    "court-order": N_("A court has ordered otherwise."),
    "other": N_("Something else."),
}
STATES: Mapping[str, str] = {
    "open": N_("A person will look at it. Until then the entry stays in force, as disputed."),
    "countered": N_(
        "Whoever registered the entry has answered. A person will look at both. Until then the "
        "entry stays in force, as disputed."
    ),
    "upheld": N_("We agreed with you: the entry is withdrawn."),
    "rejected": N_("We did not agree with you: the entry stays in force."),
    "lapsed": N_("The entry has ended before it was decided: there is nothing left to decide."),
}
_NUMBER = N_("Please give the number of the entry: digits alone.")
_SEVERAL = N_("Several entries cover this. Please choose one of these numbers: %(numbers)s.")
_NONE = N_(
    "We found no entry that covers just this. If you know the number of the entry, please give it."
)
_REASON = N_("Please choose a reason.")
_COVERS = N_("Please say what the entry covers, such as a link or the name of a site.")
_UNKNOWN = N_(
    "We found no entry in force with this number that covers this. Please compare both. If both "
    "are right, so many objections to it are waiting that we take no more for now."
)
_OFTEN = N_(
    "Your network has sent so many objections, to this entry or to all, that we take no more of "
    "them today."
)
_ANOTHER = N_(
    "You have sent this form already, with other words. If this is another objection, send it once "
    "more."
)
_LARGEST = 1 << 62
_MOST_NUMBERS = 20
"""Entries that are named where several cover the same."""

_FINGERPRINT = re.compile(r"(?:md5:)?[0-9a-f]{32}|[0-9a-f]{64}", re.IGNORECASE | re.ASCII)
_SHOWN_DIGITS = 12
_MD5_DIGITS = 32


class ObjectPages:
    """The pages of notices.

    Args:
        desk: takes notices.
        rendering: makes pages.
        base: the address under which a request's sender reaches the service.
        counted: counts what a network objects to.
    """

    routes: Sequence[tuple[str, Sequence[str], str]] = (
        ("/object", READ, "ask"),
        ("/object", ("POST",), "send"),
        ("/object/state", READ, "ask_state"),
        ("/object/state", ("POST",), "state"),
        ("/object/state/{number}", READ, "ask_secret"),
    )

    def __init__(
        self,
        desk: Desk,
        rendering: Rendering,
        base: Callable[[Request], str],
        counted: CountedNotice = uncounted_notice,
    ) -> None:
        self._desk = desk
        self._rendering = rendering
        self._base = base
        self._counted = counted

    async def ask(self, request: Request) -> Response:
        """The empty form; an address may name the entry."""
        language = self._rendering.language(request)
        entry = visible(request.query_params.get("entry", ""), 20)
        return self._form(request, language, {"entry": entry}, {})

    async def send(self, request: Request) -> Response:
        """Take a notice, or say what is missing; or fill in what was found on the look-up page."""
        form = await self._rendering.form(request)
        language = self._rendering.language(request, form)
        typed = {
            "entry": visible(form.text("entry"), 20),
            "kind": form.text("kind"),
            "covers": form.text("covers").strip(),
            "reason": form.text("reason"),
            "statement": statement_of(form),
            "once": once_of(form),
        }
        if form.text("do") not in {"send", "fill"}:
            return self._form(request, language, typed, {})
        item = await self._desk.readers.run(_understood, typed["kind"], typed["covers"], self._desk)
        if form.text("do") == "fill":
            typed["entry"] = await self._known(item)
            return self._form(request, language, typed, {})
        reason = next((one for one in Reason if one.value == typed["reason"]), None)
        entry = await self._entry(language, form.text("entry"), item)
        problems = {
            "entry": entry if isinstance(entry, str) else "",
            "covers": "" if isinstance(item, Item) else language.text(_COVERS),
            "reason": language.text(_REASON) if reason is None else "",
            "statement": statement_problem(language, typed["statement"]),
        }
        if (
            isinstance(entry, str)
            or reason is None
            or not isinstance(item, Item)
            or any(problems.values())
        ):
            return self._form(request, language, typed, problems)
        try:
            with self._counted(request, entry) as admit:
                sent = await self._desk.disputes.send(
                    *(entry, item.identifier, reason, typed["statement"]),
                    typed["once"],
                    admit,
                    item.shown,
                )
        except TooOften:
            return self._form(request, language, typed, {"form": language.text(_OFTEN)}, 429)
        except KeyTaken:
            typed["once"] = new_once()  # or it could never be sent
            return self._form(request, language, typed, {"form": language.text(_ANOTHER)})
        except UsageError:
            return self._form(request, language, typed, {"form": language.text(_UNKNOWN)})
        notice = await self._desk.disputes.read(sent.number, sent.secret)
        return self._receipt(request, language, notice, sent.secret, fresh=True)

    async def _known(self, item: Item | Refusal) -> str:
        """The number of the one entry that covers something; nothing where it is not known."""
        if isinstance(item, Refusal):
            return ""
        found = await self._desk.published.entries_of(item.identifier)
        return str(found[0]) if len(found) == 1 else ""

    async def _entry(self, language: Language, text: str, item: Item | Refusal) -> int | str:
        """The number of the entry that somebody means, or what is wrong with it."""
        if text.strip():
            number = _number(text)
            return language.text(_NUMBER) if number is None else number
        if isinstance(item, Refusal):
            return ""  # what it covers is to be mended first
        found = await self._desk.published.entries_of(item.identifier)
        if len(found) == 1:
            return found[0]
        if not found:
            return language.text(_NONE)
        numbers = ", ".join(map(str, found[:_MOST_NUMBERS]))
        return language.text(_SEVERAL) % {"numbers": numbers}

    async def ask_state(self, request: Request) -> Response:
        """The door of a notice: asks for its number and secret."""
        return await self.ask_secret(request, "")

    async def ask_secret(self, request: Request, number: str) -> Response:
        """Likewise, where the address names the notice."""
        language = self._rendering.language(request)
        return self._rendering.page(
            request, language, "objection_door.html", number=visible(number, 20)
        )

    async def state(self, request: Request) -> Response:
        """A notice as it stands, for who sent it; or its receipt as a file."""
        form = await self._rendering.form(request)
        language = self._rendering.language(request, form)
        number, secret = form.text("notice").strip(), form.text("secret").strip()
        try:
            notice = await self._desk.disputes.read(number, secret)
        except CaseNotFound:
            return self._rendering.page(
                *(request, language, "objection_door.html", 404),
                number=visible(number, 20),
                wrong=True,
            )
        if form.text("show") != "text":
            return self._receipt(request, language, notice, folded(secret), fresh=False)
        headers = {
            "Content-Disposition": f'attachment; filename="optout-{notice.number}.txt"',
            "Content-Language": language.code,
        }
        text = _text(language, notice, folded(secret), self._link(request, notice, folded(secret)))
        return PlainTextResponse(text, headers=headers)

    def _link(self, request: Request, notice: Notice, secret: str) -> str:
        """Opens the door of a notice; no server is sent the secret."""
        return f"{self._base(request)}/object/state/{notice.number}#{secret}"

    def _receipt(
        self, request: Request, language: Language, notice: Notice, secret: str, *, fresh: bool
    ) -> Response:
        link = self._link(request, notice, secret)
        return self._rendering.page(
            *(request, language, "objection.html"),
            notice=notice,
            secret=secret,
            link=link,
            text=_text(language, notice, secret, link),
            fresh=fresh,
            reasons=REASONS,
            states=STATES,
        )

    def _form(
        self,
        request: Request,
        language: Language,
        typed: Mapping[str, str],
        problems: Mapping[str, str],
        status: int = 0,
    ) -> Response:
        told = {name: problem for name, problem in problems.items() if problem}
        empty = dict.fromkeys(("entry", "kind", "covers", "reason", "statement"), "")
        once = typed.get("once") or new_once()
        return self._rendering.page(
            *(request, language, "object.html", status or (422 if told else 200)),
            typed={**empty, **typed, "once": once},
            fingerprint="" if "covers" in told else _fingerprint(typed),
            problems=told,
            reasons=REASONS,
        )


def _number(text: str) -> int | None:
    """The number of an entry, with or without the signs that people put around it."""
    digits = text.strip().removeprefix("#")
    for sign in (" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", ",", "."):
        digits = digits.replace(sign, "")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 19:
        return None
    return int(digits) if int(digits) < _LARGEST else None


def _fingerprint(typed: Mapping[str, str]) -> str:
    """The beginning of a fingerprint, which nobody reads to its end; nothing of anything else."""
    covers = typed.get("covers", "")
    known = typed.get("kind") in {Kind.IMAGE, Kind.FILE} and _FINGERPRINT.fullmatch(covers)
    return covers.lower().removeprefix("md5:")[:_SHOWN_DIGITS] + "…" if known else ""


def _text(language: Language, notice: Notice, secret: str, link: str) -> str:
    return language.template("objection.txt").render(
        notice=notice, secret=secret, link=link, reasons=REASONS, states=STATES, language=language
    )


def _understood(kind: str, value: str, desk: Desk) -> Item | Refusal:
    """What somebody says that an entry covers."""
    limits = desk.limits
    try:
        match kind:
            case Kind.IMAGE:
                return Item(Identifier.image_phash256(value.lower()), value.lower(), value.lower())
            case Kind.FILE:
                digits = value.lower().removeprefix("md5:")
                short = len(digits) == _MD5_DIGITS
                named = Identifier.file_md5 if short else Identifier.file_sha256
                return Item(named(digits), value.lower(), value.lower())
    except IdentifierError as error:
        return Refusal("", f"not-a-{kind}", error.message, error.advice)
    if kind in {each.value for each in Kind}:
        return read_value(Kind(kind), value, limits)
    return read_line(value, limits)
