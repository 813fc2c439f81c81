"""What a visitor has given so far: it travels from page to page in the form itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from optout.api.service import (
    APART,
    VARIANTS,
    Desk,
    Form,
    Item,
    Line,
    Refusal,
    joined,
    read_hashed_pictures,
    read_lines,
    variants,
)
from optout.api.words import visible_prose
from optout.registry.identifiers import Kind
from optout.registry.images import MAX_PIXELS

from .groups import by_kind
from .questions import Profile, answers, only_pages, profile_of
from .sending_once import new_once, once_of
from .spelling_offers import Variants, named

_LONGEST_ADDRESS = 1000
"""Characters of an address of mail that are looked at: more than any has."""

_EXCERPT = 60
"""Characters of words that were set aside by which their sender knows them again."""


@dataclass(slots=True)
class Submission:
    """Everything given, as it was understood.

    Attributes:
        desk: what understands it.
        lines: what was typed; a line that repeats an earlier one is among them.
        pictures: what was made of the pictures, those that were refused too.
        lost_pictures: pictures of an earlier step that are not known any more.
        also: the names of the variants that are wanted.
        variants: other spellings that can be registered too.
        only_pages: the fields that said of a profile that the page alone is meant.
        email: where news are wanted, as it was typed; empty where none are.
        once: by which it is known again if it is sent twice; a new one where none came.
    """

    desk: Desk
    lines: list[Line] = field(default_factory=list)
    pictures: list[Item | Refusal] = field(default_factory=list)
    lost_pictures: int = 0
    also: frozenset[str] = frozenset()
    variants: list[Variants] = field(default_factory=list)
    only_pages: frozenset[str] = frozenset()
    email: str = field(default="", repr=False)
    once: str = field(default_factory=new_once, repr=False)
    _profiles: dict[bytes, Profile | None] = field(default_factory=dict, repr=False)

    @classmethod
    async def read(cls, form: Form, desk: Desk, *, fixes: bool = True) -> Submission:
        """Understand a form of the start page or of the page that checks.

        Args:
            form: as it was sent.
            desk: hashes pictures and knows the earlier ones again.
            fixes: whether lines that were not understood are read again.
        """
        typed = [form.text("lines"), *([*form.texts("fix"), *answers(form)] if fixes else [])]
        kept = [desk.seal.open(sealed) for sealed in form.texts("picture")]
        hashed = await desk.readers.run(read_hashed_pictures, form.texts("hashed"), desk.limits)
        sent = await desk.read_pictures(form.uploads("pictures"))
        given = cls(
            desk,
            await desk.readers.run(read_lines, APART.join(typed), desk.limits),
            _once([*(item for item in kept if item), *hashed, *sent]),
            sum(item is None for item in kept),
            named(form.texts("also")) & frozenset(VARIANTS),
            only_pages=only_pages(form),
            email=form.text("email").strip()[:_LONGEST_ADDRESS],
            once=once_of(form),
        )
        if len(given.understood) <= desk.limits.items:
            # Long addresses take a while: nothing for the loop that everybody goes through.
            given.variants = await desk.readers.run(given._found_variants)
        return given

    @property
    def line_problems(self) -> list[Line]:
        """The lines that were not understood."""
        return [
            line for line in self.lines if isinstance(line.result, Refusal) and not line.is_aside
        ]

    @property
    def set_aside(self) -> list[str]:
        """The words that stood among links, each once."""
        aside = (line.text for line in self.lines if line.is_aside)
        return list(dict.fromkeys(visible_prose(text, _EXCERPT) for text in aside))

    @property
    def repeated(self) -> list[Line]:
        """The lines that say what an earlier one says."""
        return [line for line in self.lines if line.same_as is not None]

    @property
    def picture_problems(self) -> list[Refusal]:
        """The pictures that were refused without anything to offer in their place."""
        return [told for told in self.pictures if isinstance(told, Refusal) and not told.offer]

    @property
    def offered(self) -> list[Refusal]:
        """The pictures of which only the exact bytes can be registered."""
        return [told for told in self.pictures if isinstance(told, Refusal) and told.offer]

    @property
    def most_pixels(self) -> int:
        """Pixels of one picture that are read, wherever it is hashed."""
        return MAX_PIXELS

    def why_exact(self, item: Item) -> str:
        """Why only the exact bytes of a picture can be registered."""
        return next(told.reason for told in self.offered if told.offer == item)

    @property
    def understood(self) -> list[Item]:
        """Everything that can be registered, without the variants."""
        typed = [
            profile.meant if (profile := self.profile_of(line.result)) else line.result
            for line in self.lines
            if isinstance(line.result, Item) and line.same_as is None
        ]
        return [item for item in _once([*typed, *self.kept_pictures]) if isinstance(item, Item)]

    def profile_of(self, item: Item) -> Profile | None:
        """What the link to a profile may mean; None of anything else."""
        digest = item.identifier.digest
        if digest not in self._profiles:
            profile = profile_of(item, self.only_pages)
            self._profiles[digest] = profile
            if profile is not None:
                self._profiles.setdefault(profile.account.identifier.digest, profile)
        return self._profiles[digest]

    @property
    def kept_pictures(self) -> list[Item]:
        """The pictures that can be registered; one that is too plain as its exact bytes."""
        made = (told.offer if isinstance(told, Refusal) else told for told in self.pictures)
        return [item for item in made if item is not None]

    @property
    def by_kind(self) -> list[tuple[Kind, list[Item]]]:
        """What was understood, kind by kind."""
        return by_kind(self.understood, lambda item: item.kind)

    def _found_variants(self) -> list[Variants]:
        # Of a profile is asked beside it.
        items = [item for item in self.understood if not self.profile_of(item)]
        known = {item.identifier.digest for item in self.understood}
        found = []
        for name in VARIANTS:
            others = variants(items, name, self.desk.limits)
            new = [item for item in others if item.identifier.digest not in known]
            if new:
                found.append(Variants(name, new, name in self.also))
        return found

    @property
    def wanted(self) -> list[Item]:
        """What is registered when it is sent: variants too, each thing once."""
        extra = [item for variant in self.variants if variant.wanted for item in variant.items]
        return [item for item in _once([*self.understood, *extra]) if isinstance(item, Item)]

    @property
    def key(self) -> str:
        """By which the registry knows this very thing again, and nothing that was changed in it."""
        said = hashlib.sha256()
        for item in self.wanted:
            for identifier in item.identifiers:
                told = f"{identifier.digest.hex()} {identifier.radius} {item.shown}\0"
                said.update(told.encode("utf-8", "surrogatepass"))
        return f"{self.once}-{said.hexdigest()}"

    @property
    def good_lines(self) -> str:
        """The lines that were understood, as text."""
        return joined([line.text for line in self.lines if isinstance(line.result, Item)])

    @property
    def all_lines(self) -> str:
        """Every line, as text."""
        # Words beside a link are known by the row that they share with it.
        rows = groupby(self.lines, lambda line: line.number)
        return joined([" ".join(line.text for line in row) for _, row in rows])


def _once(items: Sequence[Item | Refusal]) -> list[Item | Refusal]:
    seen: set[bytes] = set()
    kept: list[Item | Refusal] = []
    for told in items:
        item = told.offer if isinstance(told, Refusal) else told
        if item is None or item.identifier.digest not in seen:
            kept.append(told)
        if item is not None:
            seen.add(item.identifier.digest)
    return kept
