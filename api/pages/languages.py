"""The languages of the pages: English as it stands in the templates, others from catalogues.

`catalogues/` holds gettext `.po` files, read as they are: there is no compile step to forget.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

HERE = Path(__file__).resolve().parent
ORIGINAL = "en"


def N_(message: str) -> str:  # noqa: N802 (gettext's own name for it)
    """Mark a sentence that is translated where it is shown."""
    return message


class Language:
    """One language: its sentences, numbers, dates and templates.

    Args:
        code: a BCP 47 language tag, such as `fr`.
        catalogue: the translations; none for the language the templates are written in.
    """

    def __init__(self, code: str, catalogue: Catalog | None = None) -> None:
        self.code = code
        # British English: the day before the month, as most who read English as a second language
        # expect.
        self.locale = Locale.parse("en_GB" if code == ORIGINAL else code)
        self._catalogue = catalogue

    @property
    def name(self) -> str:
        """What its speakers call it, such as `français`."""
        language = Locale(self.locale.language)
        return (language.get_display_name(language) or self.code).capitalize()

    def text(self, message: str) -> str:
        """A sentence in this language."""
        translated = self._catalogue.get(message) if self._catalogue else None
        return str(translated.string) if translated and translated.string else message

    def counted(self, one: str, many: str, number: int) -> str:
        """A sentence about a number of things, in the form that the number asks for."""
        translated = self._catalogue.get(one) if self._catalogue else None
        form = self.locale.plural_form(number)
        if translated and isinstance(translated.string, tuple | list):
            forms = translated.string
            return str(forms[0 if form == "one" else len(forms) - 1])
        return one if number == 1 else many

    def date(self, day: datetime.date | str) -> str:
        """A day in words, such as `24 November 2026`."""
        if isinstance(day, str):
            day = datetime.date.fromisoformat(day)
        text = format_date(day, "long", locale=self.locale)
        # Only the first day of a month is an ordinal number in French; Babel's patterns cannot say.
        return f"1er{text[1:]}" if self.code == "fr" and day.day == 1 else text

    def number(self, number: int) -> str:
        """A number with this language's separators."""
        return format_decimal(number, locale=self.locale)

    def template(self, name: str) -> Template:
        """A template that speaks this language."""
        return self._environment.get_template(name)

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        environment.policies["ext.i18n.trimmed"] = True
        environment.install_gettext_callables(  # type: ignore[attr-defined]  # by the extension
            self.text, self.counted, newstyle=True
        )
        environment.filters.update(date=self.date, number=self.number)
        environment.globals["language"] = self
        return environment


def load() -> Mapping[str, Language]:
    """Every language of the pages, the original one first."""
    languages = {ORIGINAL: Language(ORIGINAL)}
    for path in sorted((HERE / "catalogues").glob("*.po")):
        with path.open("rb") as stream:
            languages[path.stem] = Language(path.stem, read_po(stream, locale=path.stem))
    return languages


def preferred(accept_language: str, available: Mapping[str, Language]) -> str:
    """The best language for an Accept-Language header (RFC 9110, section 12.5.4).

    A language answers for all its regions: `fr-CA` gets French.
    """
    wishes = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=") or "1"
        code = tag.strip().partition("-")[0].lower()
        try:
            weight = float(quality)
        except ValueError:
            continue
        if weight > 0 and (code in available or code == "*"):
            wishes.append((-weight, place, code))
    best = min(wishes, default=(0.0, 0, ORIGINAL))[2]
    return best if best in available else ORIGINAL
