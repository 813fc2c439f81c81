"""Draw what `optout demo` prints as docs/demo.svg: `python docs/capture.py`.

The demo runs for real; only the folder is put out of sight and given its usual name.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

COLUMNS = 92
TITLE = "optout demo"
TARGET = Path(__file__).with_name("demo.svg")

THEME = TerminalTheme(
    (24, 24, 27),
    (228, 228, 231),
    [
        (39, 39, 42),
        (248, 113, 113),
        (134, 219, 150),
        (250, 204, 121),
        (125, 170, 255),
        (216, 160, 255),
        (103, 212, 222),
        (212, 212, 216),
    ],
)

# rich's own frame, without the fonts that it would fetch from a foreign host.
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def printed() -> str:
    """What the demo prints on a terminal, colours included."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "optout.api.cli", "demo"],
            cwd=folder,
            # A terminal's colours, and nothing that moves.
            env=os.environ
            | {"FORCE_COLOR": "1", "TTY_INTERACTIVE": "0", "COLUMNS": str(COLUMNS)}
            | {"XDG_CONFIG_HOME": folder, "TERM": "xterm-256color"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
    return done.stdout


def main() -> None:
    """Run the demo and write the picture."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(f"\x1b[2m$\x1b[0m \x1b[1moptout demo\x1b[0m\n{printed()}"))
        svg = console.export_svg(
            title=TITLE, theme=THEME, code_format=FRAME, unique_id="optout-demo"
        )
    TARGET.write_text(svg)


if __name__ == "__main__":
    main()
