"""Reading settings where they stand, and remembering for each where that was."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from optout.api.errors import SettingRefused
from optout.api.words import says
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource

from .model import Settings

DEFAULT_FILE = "optout.toml"
"""The file of settings in the current folder, where no other is named."""

HIDDEN = "********"
"""What stands for a secret wherever settings are shown."""

_FILE_VARIABLE = "OPTOUT_SETTINGS"
_PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^@/]*@|(?<=[?&]password=)[^&]*")


@dataclass(frozen=True, slots=True)
class Held:
    """Settings that hold, and where each came from.

    Attributes:
        settings: what holds.
        origins: by the setting's full name, such as `mail.port`: the flag, the variable, the file,
            or `default`.
    """

    settings: Settings
    origins: Mapping[str, str]

    def shown(self) -> Iterator[tuple[str, Any, str]]:
        """Every setting: its full name, its value as JSON knows it, where it came from.

        A secret is shown as `********`, and so is a password within the registry's URL.
        """
        for name, value in _leaves(self.settings):
            yield name, _plain(name, value), self.origins[name]


def load(flags: Mapping[str, Any] | None = None, file: str | Path | None = None) -> Held:
    """Read the settings.

    Args:
        flags: what the command line gives, by the setting's full name; None is not given.
        file: a TOML file; by default the one that `OPTOUT_SETTINGS` names, or `optout.toml` in the
            current folder if there is one.

    Raises:
        SettingRefused: a setting is unknown or its value cannot be used, or a file that is named
            cannot be read.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    path = Path(file or os.environ.get(_FILE_VARIABLE) or DEFAULT_FILE)
    named = bool(file or os.environ.get(_FILE_VARIABLE))
    layers = [
        (given, "flag"),
        (dict(_flat(EnvSettingsSource(Settings)())), "variable"),
        (dict(_flat(_read(path, named=named))), str(path)),
    ]
    known = [name for name, _ in _leaves(Settings.model_construct())]
    origins = dict.fromkeys(known, "default")
    merged: dict[str, Any] = {}
    for values, layer in reversed(layers):
        for name, value in values.items():
            where = _where(layer, name)
            if name not in known:
                raise _unknown(where, layer, name, known)
            origins[name] = where
            merged[name] = value
    try:
        settings = Settings.model_validate(_nested(merged))
    except ValidationError as error:
        raise _refused(error, origins, str(path)) from None
    _check_together(settings, origins)
    return Held(settings, origins)


def _read(path: Path, *, named: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError as fault:
        if not named:
            return {}
        raise SettingRefused(
            f"{path} cannot be read: {fault.strerror}", "Give the path of a TOML file of settings."
        ) from fault
    except OSError as fault:
        raise SettingRefused(
            f"{path} cannot be read: {fault.strerror}", "Give the path of a TOML file of settings."
        ) from fault
    except ValueError as fault:
        # Its words may quote a line, and a line may hold a password.
        found = re.search(r"line \d+", str(fault))
        place = f" in {found[0]}" if found else ""
        raise SettingRefused(
            f"{path} is not readable TOML{place}", 'Write each setting as name = "value".'
        ) from None


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in values.items():
        part, dot, rest = name.partition(".")
        if dot:
            tree.setdefault(part, {})[rest] = value
        else:
            tree[part] = value
    return tree


def _leaves(settings: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    names = (
        list(type(settings).model_fields)
        if isinstance(settings, BaseModel)
        else [field.name for field in fields(settings)]  # type: ignore[arg-type]  # a dataclass
    )
    for name in names:
        value = getattr(settings, name)
        if isinstance(value, BaseModel) or is_dataclass(value):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _plain(name: str, value: object) -> object:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, tuple):
        return [str(part) for part in value]
    if name == "registry":
        return _PASSWORD.sub(
            lambda found: f"{found[1]}:{HIDDEN}@" if found[1] else HIDDEN, str(value)
        )
    return str(value) if isinstance(value, Path) else value


def _where(layer: str, name: str) -> str:
    if layer == "flag":
        return f"--{name.replace('.', '-').replace('_', '-')}"
    if layer == "variable":
        return f"OPTOUT_{name.replace('.', '_').upper()}"
    return f"{layer}: {name}"


def _unknown(where: str, layer: str, name: str, known: list[str]) -> SettingRefused:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
    return SettingRefused(
        f"{where} is no setting", f"The nearest is {_where(layer, near).rpartition(': ')[2]}."
    )


def _refused(error: ValidationError, origins: Mapping[str, str], file: str) -> SettingRefused:
    told = error.errors(include_url=False, include_input=False)[0]
    context = told.get("ctx", {})
    limit = context.get("limit")  # pydantic knows them as a whole only
    steps = [str(step) for step in (*told["loc"], *([limit] if limit else []))]
    # A setting has one name or two; what pydantic adds is its own.
    name = next((n for n in (".".join(steps[:2]), steps[0]) if n in origins), steps[0])
    where = origins.get(name) or _where(file, name)
    return SettingRefused(
        f"{where} {says(told)}", context.get("advice", "See what holds: optout settings")
    )


def _check_together(settings: Settings, origins: Mapping[str, str]) -> None:
    if settings.metrics.access == "token" and settings.metrics.token is None:
        raise SettingRefused(
            f"{origins['metrics.access']} asks for a token, and metrics.token is not set",
            "Set OPTOUT_METRICS_TOKEN to at least 16 random characters.",
        )
    if settings.mail.username and settings.mail.security == "none":
        raise SettingRefused(
            f"{origins['mail.security']} would send the password of mail.username in the clear",
            "Set mail.security to starttls or tls.",
        )
