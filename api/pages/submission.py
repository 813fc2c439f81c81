"""What a visitor has given so far: it travels from page to page in the form itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from optout.api.service import (
    VARIANTS,
    Desk,
    Form,
    Item,
    Line,
    Refusal,
    read_lines,
    variants,
)
from optout.registry.identifiers import Kind

ORDER = tuple(Kind)
"""In which the kinds are shown."""


@dataclass(frozen=True, slots=True)
class Variants:
    """Other spellings that can be registered too.

    Attributes:
        name: what they have in common, one of the service's `VARIANTS`.
        items: the addresses and sites.
        wanted: whether they are to be registered.
    """

    name: str
    items: Sequence[Item]
    wanted: bool


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
    """

    desk: Desk
    lines: list[Line] = field(default_factory=list)
    pictures: list[Item | Refusal] = field(default_factory=list)
    lost_pictures: int = 0
    also: frozenset[str] = frozenset()
    variants: list[Variants] = field(default_factory=list)

    @classmethod
    async def read(cls, form: Form, desk: Desk, *, fixes: bool = True) -> Submission:
        """Understand a form of the start page or of the page that checks.

        Args:
            form: as it was sent.
            desk: hashes pictures and knows the earlier ones again.
            fixes: whether lines that were not understood are read again.
        """
        typed = "\n".join([form.text("lines"), *(form.texts("fix") if fixes else [])])
        kept = [desk.seal.open(sealed) for sealed in form.texts("picture")]
        sent = await desk.read_pictures(form.uploads("pictures"))
        given = cls(
            desk,
            await desk.readers.run(read_lines, typed, desk.limits),
            _once([*(item for item in kept if item), *sent]),
            sum(item is None for item in kept),
            frozenset(form.texts("also")) & frozenset(VARIANTS),
        )
        if len(given.understood) <= desk.limits.items:
            given.variants = given._found_variants()
        return given

    @property
    def line_problems(self) -> list[Line]:
        """The lines that were not understood."""
        return [line for line in self.lines if isinstance(line.result, Refusal)]

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
    def understood(self) -> list[Item]:
        """Everything that can be registered, without the variants."""
        typed = [
            line.result
            for line in self.lines
            if isinstance(line.result, Item) and line.same_as is None
        ]
        return [*typed, *self.kept_pictures]

    @property
    def kept_pictures(self) -> list[Item]:
        """The pictures that can be registered; one that is too plain as its exact bytes."""
        made = (told.offer if isinstance(told, Refusal) else told for told in self.pictures)
        return [item for item in made if item is not None]

    @property
    def by_kind(self) -> list[tuple[str, list[Item]]]:
        """What was understood, kind by kind."""
        items = self.understood
        groups = [(kind, [item for item in items if item.kind is kind]) for kind in ORDER]
        return [(str(kind.value), group) for kind, group in groups if group]

    def _found_variants(self) -> list[Variants]:
        found = [
            Variants(name, variants(self.understood, name, self.desk.limits), name in self.also)
            for name in VARIANTS
        ]
        return [variant for variant in found if variant.items]

    @property
    def wanted(self) -> list[Item]:
        """What is registered when it is sent: variants too, each thing once."""
        extra = [item for variant in self.variants if variant.wanted for item in variant.items]
        return [item for item in _once([*self.understood, *extra]) if isinstance(item, Item)]

    @property
    def good_lines(self) -> str:
        """The lines that were understood, as text."""
        return "\n".join(line.text for line in self.lines if isinstance(line.result, Item))

    @property
    def all_lines(self) -> str:
        """Every line, as text."""
        return "\n".join(line.text for line in self.lines)


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
