"""Passages: a caption, a poem's line, a page's text that fills its field."""

from __future__ import annotations

import unicodedata
from random import Random

WORDS = [
    "the",
    "harbour",
    "in",
    "winter",
    "fills",
    "with",
    "fish",
    "and",
    "fog",
    "while",
    "an",
    "office",
    "clerk",
    "reads",
    "a",
    "final",
    "telegram",
    "about",
    "the",
    "fjord",
    "café",
    "naïve",
    "über",
    "straße",
    "Ångström",
    "waffle",
    "affluent",
    "river",
]
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
SPACES = (" ", "  ", "\n", "\t ", "\u00a0", "\u2003", "\u3000", " \r\n ")
LIGATURES = {"ffi": "\ufb03", "ffl": "\ufb04", "fi": "\ufb01", "fl": "\ufb02", "ff": "\ufb00"}


def passage(random: Random, words: int = 12) -> str:
    """Something nobody has written before."""
    return f"{' '.join(random.choices(WORDS, k=words)).capitalize()}, no. {random.random()}."


def disguised(text: str, random: Random) -> str:
    """The same passage after a journey through other people's software."""
    if random.random() < 0.4:
        text = random.choice((str.lower, str.upper, str.title, str.swapcase))(text)
    if random.random() < 0.4:
        for plain, joined in LIGATURES.items():
            text = text.replace(plain, joined)
    if random.random() < 0.3:
        text = "".join(_wide(c) if random.random() < 0.3 else c for c in text)
    if random.random() < 0.4:
        text = unicodedata.normalize(random.choice(("NFD", "NFKD", "NFC")), text)
    if random.random() < 0.6:
        text = "".join(random.choice(SPACES) if c == " " else c for c in text)
    if random.random() < 0.4:
        place = random.randrange(1, len(text))
        text = text[:place] + random.choice(ZERO_WIDTH) + text[place:]
    if random.random() < 0.3:
        text = f"\ufeff \n{text} \n\n"
    return text


def _wide(character: str) -> str:
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character


class Passages:
    """Texts of at least 24 characters."""

    kind = "text"

    def __init__(self, many: int) -> None:
        random = Random(4)
        self.texts = [passage(random, 6 + i % 20) for i in range(many)]

    def registered(self) -> list[str]:
        return self.texts

    def disguise(self, random: Random) -> str:
        return disguised(random.choice(self.texts), random)

    def near_miss(self, random: Random) -> str:
        text = random.choice(self.texts)
        return random.choice(
            (
                text[:-1],
                f"{text} And more.",
                f"She wrote: {text}",
                text.replace(" ", "", 1),
                text.replace(",", ";"),
                text.replace("no.", "nº"),
                text[:23],
                text.replace("a", "á", 1) if "a" in text else f"{text}!",
                " ".join(reversed(text.split())),
            )
        )
