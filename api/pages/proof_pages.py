"""Making items stronger: what to place to prove a site or an account, and whether it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optout.api.errors import ItemsRefused, ProofOver, TooOften
from optout.api.service import Checked, ShownProof, ways_of
from optout.registry.cases import Method, ProofState
from optout.registry.errors import UsageError
from optout.registry.identifiers import PLATFORMS, registrable_domain
from starlette.responses import Response

from . import grades
from .door import Opened, Room
from .languages import N_, Language
from .provable import subjects_of

MISSING: Mapping[str, str] = {
    "no-record": N_(
        "There is no such record yet. Did you save it just now? Then it can take an hour until it "
        "is seen everywhere."
    ),
    "other-record": N_(
        "There is a record with this name, but with another value. Please copy the value once "
        "more, whole. A change can take an hour until it is seen everywhere."
    ),
    "status": N_(
        "Your site answered with the number %(seen)s instead of the file. Please open the address "
        "of the file in your browser: everybody must be able to read it there."
    ),
    "other-file": N_(
        "There is a file at this address, but with something else in it. Please copy the line once "
        "more, whole, and save it as plain text."
    ),
    "no-account": N_(
        "We found no such account that everybody can see. Is its profile public, and its name "
        "written like this?"
    ),
    "other-account": N_(
        "This name belongs to another account by now. Please end this proof and begin a new one."
    ),
    "no-line": N_(
        "Your profile does not show the line yet. Please put it into the description of your "
        "profile: a post or a comment does not count."
    ),
}
"""By what stood there instead, what to do about it."""

_NOT_FOUND = N_("It was not there. Please compare every step, and try again.")
_UNASKED = N_(
    "Nobody answered us there just now. That says nothing about your proof: please try again in a "
    "few minutes."
)
_OVER = N_("This proof is over. You can begin a new one.")
_OFTEN = N_("We have looked very often now. Please wait a minute, and try again.")
_ENDS = N_("A case can end three proofs a day. This one stands until then.")
_NOTHING = N_("None of your items that are in force becomes stronger by this.")
_TOO_MANY = N_("This case has very many proofs already. Please end those that you do not need.")


@dataclass(frozen=True, slots=True)
class Told:
    """What is said above a proof.

    Attributes:
        problem: what went wrong, in sentences; empty where nothing did.
        raised: how many items are stronger now; None where nothing was found.
    """

    problem: str = ""
    raised: int | None = None


class ProofPages(Room):
    """The pages of a case's proofs."""

    path = "/case/proof"

    async def show(self, opened: Opened) -> Response:
        """A proof: chosen, shown, looked for, or ended."""
        form = opened.form
        if form.text("proof"):
            return await self._one(opened, form.text("proof"), form.text("do"))
        subject, named = form.text("subject"), form.text("method")
        method = next((each for each in Method if each.value == named), None)
        if method is None:
            return await self._choice(opened, subject)
        return await self._start(opened, method, subject)

    async def _choice(self, opened: Opened, subject: str, problem: str = "") -> Response:
        ways = await self._desk.readers.run(ways_of, opened.case)
        subjects = subjects_of(opened.case, ways)
        chosen = next((one for one in subjects if one.is_named(subject)), None)
        if chosen is None:
            problem = problem or opened.language.text(_NOTHING)
        elif chosen.is_account and not problem:
            return await self._start(opened, Method.ACCOUNT, subject)
        return self._rendering.page(
            *(opened.request, opened.language, "prove.html", 422 if problem else 200),
            case=opened.case,
            secret=opened.secret,
            subject=chosen,
            asked=subject[:_MOST],
            problem=problem,
        )

    async def _start(self, opened: Opened, method: Method, subject: str) -> Response:
        proofs = await self._desk.proofs.of(*opened.keys)
        # A page that is sent twice asks for the same thing, and what is placed already holds.
        for shown in proofs:
            asked = shown.proof.state != ProofState.ENDED
            if asked and (shown.proof.method, shown.proof.subject) == (method, subject):
                return self._page(opened, shown)
        try:
            shown = await self._desk.proofs.start(*opened.keys, method, subject)
        except ItemsRefused:
            return await self._choice(opened, subject, opened.language.text(_NOTHING))
        except UsageError:
            return await self._choice(opened, subject, opened.language.text(_TOO_MANY))
        return self._page(opened, shown)

    async def _one(self, opened: Opened, identity: str, wish: str) -> Response:
        language, told, status = opened.language, Told(), 200
        try:
            if wish == "check":
                checked = await self._desk.proofs.check(*opened.keys, identity)
                told = _told(language, checked) if checked else told
            elif (
                wish == "end"
                and opened.form.text("sure") == "yes"
                and await self._desk.proofs.end(*opened.keys, identity)
            ):
                return self._ended(opened)
        except ProofOver:
            told, status = Told(language.text(_OVER)), 409
        except TooOften:
            told, status = Told(language.text(_ENDS if wish == "end" else _OFTEN)), 429
        proofs = await self._desk.proofs.of(*opened.keys)
        shown = next((one for one in proofs if one.proof.id == identity), None)
        if shown is None:
            return await self._choice(opened, "", language.text(_OVER))
        return self._page(opened, shown, told, status, ending=wish == "end" and not told.problem)

    def _page(
        self,
        opened: Opened,
        shown: ShownProof,
        told: Told | None = None,
        status: int = 200,
        *,
        ending: bool = False,
    ) -> Response:
        proof = shown.proof
        template = "proof_end.html" if ending else "proof.html"
        return self._rendering.page(
            *(opened.request, opened.language, template, status),
            case=opened.case,
            secret=opened.secret,
            shown=shown,
            proof=proof,
            told=told or Told(),
            grades=grades,
            place=_place(shown),
        )

    def _ended(self, opened: Opened) -> Response:
        return self._rendering.page(
            *(opened.request, opened.language, "proof_ended.html"),
            case=opened.case,
            secret=opened.secret,
        )


_MOST = 300
"""Characters of a subject that are held from page to page."""


def _told(language: Language, checked: Checked) -> Told:
    if checked.found:
        return Told(raised=len(checked.raised))
    if checked.found is None:
        return Told(language.text(_UNASKED))
    # A word that is not known here stands for a sentence that is never wrong.
    said = language.text(MISSING.get(checked.reason, _NOT_FOUND))
    return Told(said % {"seen": checked.seen} if checked.reason == "status" else said)


def _place(shown: ShownProof) -> dict[str, str]:
    """Names in the steps of a page that depend on what is proved."""
    subject = shown.proof.subject
    if shown.proof.method == Method.ACCOUNT:
        platform, _, handle = subject.partition(":")
        return {"platform": PLATFORMS[platform].title, "handle": handle}
    zone = registrable_domain(subject)
    return {"zone": zone, "short": shown.challenge.record_name.removesuffix(f".{zone}")}
