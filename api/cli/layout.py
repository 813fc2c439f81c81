"""How help pages are laid out: usage first, then what each word means, then examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from .examples import EXAMPLES

# Typer's contexts and formatters have no public names: they are Any here.


def _section(formatter: Any, heading: str, rows: list[tuple[str, str]]) -> None:  # noqa: ANN401
    if rows:
        with formatter.section(typer.style(heading, bold=True)):
            formatter.write_dl(rows, col_max=24)


def _options(command: Any, ctx: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    rows = []
    for param in command.get_params(ctx):
        if param.param_type_name != "option" or param.hidden:
            continue
        names = ", ".join(sorted(param.opts, key=len))
        value = "" if param.is_flag or param.count else f" {param.metavar or 'TEXT'}"
        notes = []
        default = param.default
        if default not in (None, False, "", ()) and not callable(default) and value:
            notes.append(f"default: {default}")
        if param.envvar:
            notes.append(f"env: {param.envvar}")
        if param.required:
            notes.append("required")
        note = f" [{', '.join(notes)}]" if notes else ""
        rows.append((names + value, f"{param.help or ''}{note}".strip()))
    return rows


class Command(TyperCommand):
    """A command whose usage line reads as people write it: `optout add KIND VALUE... [OPTIONS]`."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """The arguments, the options that must be given, and that there are others."""
        pieces = []
        for param in self.get_params(ctx):
            if param.param_type_name == "argument":
                name = param.metavar or param.name.upper()
                pieces.append(name if param.required else f"[{name}]")
            elif param.required:
                pieces.append(f"{max(param.opts, key=len)} {param.metavar}")
        return [*pieces, "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Arguments, options, examples."""
        params: list[Any] = self.get_params(ctx)
        arguments = [
            (param.metavar or param.name.upper(), param.help or "")
            for param in params
            if param.param_type_name == "argument" and not param.hidden
        ]
        _section(formatter, "Arguments", arguments)
        _section(formatter, "Options", _options(self, ctx))
        examples = EXAMPLES.get(self.name or "", ())
        if examples:
            with formatter.section(typer.style("Examples", bold=True)):
                for example in examples:
                    formatter.write(f"  {example}\n")


class Group(TyperGroup):
    """The front page: commands under headings, then options."""

    headings: Mapping[str, Sequence[str]]
    """The names of the commands under each heading."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002
        """Commands bring their own options."""
        return ["COMMAND [ARGUMENTS] [OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """One section a heading; options last."""
        widest = max(len(name) for name in self.commands)
        for heading, names in self.headings.items():
            rows = [
                (f"{name:<{widest}}", self.commands[name].get_short_help_str(100)) for name in names
            ]
            _section(formatter, heading, rows)
        _section(formatter, "Options", _options(self, ctx))
