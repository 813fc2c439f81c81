"""From what was measured to a page and a picture."""

from __future__ import annotations

import re

from . import ours, picture
from .bars import bars
from .found import Found, Result, markdown, table_seconds
from .growth import cores_table, index_table, model
from .measuring import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "benchmarks.svg"

_MOST_OTHERS = 0.2
"""Cores that others may use before it is said that the machine was busy."""


def bars_table(result: Result) -> str:
    """Every promise and whether it is kept."""
    rows = [("on 2 cores", "bar", "found", "by CPU time", "", "what limits it")]
    for bar, busy in zip(bars(result), bars(result, "cpu"), strict=True):
        what, words, shown, state, limit = bar.row()
        if result["size"]["name"] == "trial" and bar.value is not None:
            state = "too small to tell"
        rows.append((what, words, shown, "" if busy.shown == shown else busy.shown, state, limit))
    return markdown(rows, right=(2, 3))


def figures_table(result: Result) -> str:
    """Everything that ran as a process."""
    rows = [("job", "who", "wall", "CPU", "Mrow/s", "MB/s", "resident", "own memory", "its table")]
    last = ""
    for each in result["figures"]:
        apart = table_seconds(each)
        rows.append(
            (
                "" if each["job"] == last else each["job"],
                f"**{each['name']}**" if each["name"].startswith(ours.NAME) else each["name"],
                f"{each['seconds']:.2f} s",
                f"{each['cpu']:.2f} s",
                f"{each['rows'] / each['seconds'] / 1e6:.3g}",
                f"{each['bytes'] / each['seconds'] / 1e6:,.0f}",
                f"{each['resident'] / 1e6:,.0f} MB",
                f"{each['anonymous'] / 1e6:,.0f} MB",
                f"{apart:.2f} s" if apart else "",
            )
        )
        last = each["job"]
    return markdown(rows, right=range(2, 9))


def facts(result: Result) -> str:
    """When, where, with what."""
    machine, size = result["machine"], result["size"]
    listed = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    bytes_of = " and ".join(
        f"{n / 1e6:,.0f} MB as {codec}" for codec, n in result["codecs"].items()
    )
    others = machine.get("others")
    shared = "" if others is None else f", of which others used {others} meanwhile"
    busy = (
        "**The machine was busy with other work**: seconds are many times too high, and ratios by "
        "wall time mean little.\n\n"
        if others is not None and others > _MOST_OTHERS
        else ""
    )
    cut = "" if result["whole"] else "**Interrupted**: what is missing was not measured. "
    less = "less than the whole; starting a process is much of every figure. "
    small = cut if size["name"] == "full" else f"{cut}`BENCH={size['name']}`: {less}"
    return (
        f"{small}Measured {result['date']} in {result['minutes']} minutes on "
        f"{machine['cores']} cores ({machine['processor']}){shared}; {listed}.\n\n{busy}"
        f"A shard of {size['rows']:,} rows in {size['rows'] // size['group_rows']} row groups, "
        f"{bytes_of}; scans, masks and audits pass over it {size['shards']} times. "
        f"The larger registry has {size['entries']:,} entries, `few` {size['few']:,}.\n"
    )


def write(result: Result) -> None:
    """Put tables and picture into the documentation."""
    found = Found(result)
    PICTURE.write_text(picture.draw(picture.groups(found)))
    page = PAGE.read_text()
    for mark, text in (
        ("facts", facts(result)),
        ("bars", bars_table(result)),
        ("figures", figures_table(result)),
        ("index", index_table(result)),
        ("cores", cores_table(result)),
        ("model", model(result)),
    ):
        pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- end -->\n)", re.DOTALL)
        page = pattern.sub(lambda match, text=text: match[1] + text + match[2], page)
    PAGE.write_text(page)
