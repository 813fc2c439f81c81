"""Paint the pictures to post, one for each language of the pages: `python docs/share.py`.

They are kept in the repository, because a server has no letters for them. What stands on one is
kept in its Description, by which a test knows whether the words have changed since.
"""

from __future__ import annotations

from optout.api.pages import languages
from optout.api.pages.sharing import HEIGHT, LINES, WIDTH
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

PAPER, INK, SOFT, ACCENT = "#fbfaf8", "#1d1c1a", "#625f59", "#0b6a75"
PLAIN, BOLD = "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"
FINER = 2
"""Painted so much larger, and made smaller again: edges are smooth."""

PLACES = ((80, 235, 128, BOLD, INK), (84, 350, 54, PLAIN, INK), (84, 430, 54, PLAIN, ACCENT))
"""Of each line: where it begins, its foot, its size, letters and colour, as the drawing has it."""


def painted(lines: list[str]) -> Image.Image:
    """The picture with three lines on it."""
    picture = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), PAPER)
    pen = ImageDraw.Draw(picture)
    ring = tuple(FINER * at for at in (898, 53, 1122, 277))
    pen.ellipse(ring, outline=ACCENT, width=34 * FINER)
    pen.line(tuple(FINER * at for at in (943, 232, 1077, 98)), fill=ACCENT, width=34 * FINER)
    for line, (left, foot, size, letters, colour) in zip(lines, PLACES, strict=True):
        _write(pen, line, left, foot, size, letters, colour)
    _write(pen, "optout", 84, 560, 40, BOLD, SOFT)
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(64)


def _write(
    pen: ImageDraw.ImageDraw, text: str, left: int, foot: int, size: int, letters: str, colour: str
) -> None:
    font = ImageFont.truetype(letters, size * FINER)
    place = (left * FINER, foot * FINER)
    if font.getlength(text) > (WIDTH - 2 * left) * FINER:
        raise SystemExit(f"this line is too long for the picture: {text}")
    pen.text(place, text, font=font, fill=colour, anchor="ls")


def main() -> None:
    """Paint them all."""
    for code, language in languages.load().items():
        lines = [language.text(line) for line in LINES]
        told = PngInfo()
        told.add_itxt("Description", " ".join(lines))
        path = languages.HERE / "static" / f"share.{code}.png"
        painted(lines).save(path, pnginfo=told, optimize=True)


if __name__ == "__main__":
    main()
