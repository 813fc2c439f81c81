"""The page for operators says every limit of the service, as the service has it."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from optout.api.limits import Limits

PAGE = Path(__file__).resolve().parents[2] / "docs" / "serving.md"
ROW = re.compile(r"\| `(\w+)` \| ([\d,]+) \| ([^|]+) \|")


def test_every_limit_stands_on_the_page_with_its_default() -> None:
    table = PAGE.read_text().partition("<!-- limits -->\n")[2].partition("<!-- end -->")[0]
    told = {name: int(default.replace(",", "")) for name, default, _ in ROW.findall(table)}
    assert told == asdict(Limits())
