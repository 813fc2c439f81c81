"""Every setting of the service: its name, its type, its default."""

from __future__ import annotations

import re
from dataclasses import fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from optout.api.limits import Limits
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_RATE = re.compile(r"[1-9]\d{0,6}/(?:[1-9]\d{0,3} )?(?:second|minute|hour|day)s?")
_SERVICE = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_MAILBOX = re.compile(r"[!-;=?A-~]+@[A-Za-z0-9.-]+")


def _rate(text: str) -> str:
    if not _RATE.fullmatch(text):
        raise PydanticCustomError(
            "rate", "is no rate", {"advice": "Write it as 60/minute or 10/5 minutes."}
        )
    return text


def _service(text: str) -> str:
    if not _SERVICE.fullmatch(text):
        raise PydanticCustomError(
            "service",
            "{shown} is no address of a service",
            {"shown": repr(text), "advice": "Write it as https://optout.example."},
        )
    return text


def _mailbox(text: str) -> str:
    if not _MAILBOX.fullmatch(text):
        raise PydanticCustomError(
            "mailbox", "is no mail address", {"advice": "Write it as optout@optout.example."}
        )
    return text


def _listed(value: object) -> object:
    """A list from the environment: its parts stand between commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError:
        pass
    try:
        meant = ip_network(str(value), strict=False)
    except ValueError:
        raise PydanticCustomError(
            "network", "is no network", {"advice": "Write each as 10.0.0.7 or 10.0.0.0/8."}
        ) from None
    raise PydanticCustomError(
        "network-bits",
        "has a network with bits beyond its length",
        {"advice": f"Write {meant} in place of {value}."},
    )


def _ceilings(limits: Limits) -> Limits:
    for field in fields(limits):
        # Nothing would pass a ceiling of zero; an interval of zero is "whenever somebody asks".
        value = getattr(limits, field.name)
        if not (0 < value < float("inf") or (value == 0 and field.name == "publish_seconds")):
            raise PydanticCustomError(
                "ceiling",
                "is no number above zero",
                {"limit": field.name, "advice": "Leave it out, or give it one."},
            )
    return limits


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
Rate = Annotated[str, AfterValidator(_rate)]
"""How often: `60/minute`, or `10/5 minutes` for ten in five minutes."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Mail(_Part):
    """How letters leave: codes for addresses, and the news that people asked for.

    Attributes:
        host: the mail server; without one, letters are put into the outbox folder.
        port: its port; by default that of the way of encrypting: 587, 465 or 25.
        security: `starttls` (refused where the server does not offer it), `tls` or `none`.
        username: for the mail server; none without.
        password: for the mail server.
        sender: the address that letters come from.
        seconds: how long the mail server may take for one answer.
    """

    host: str | None = Field(default=None, min_length=1)
    port: int | None = Field(default=None, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: Annotated[str, AfterValidator(_mailbox)] = "optout@localhost"
    seconds: float = Field(default=30, gt=0, le=600)


class Quotas(_Part):
    """How often one network, or one partner, may ask.

    Attributes:
        enabled: whether anything is counted.
        reading: requests that only read.
        registering: requests that change something.
        secrets: wrong secrets of cases; codes have attempts of their own.
        keys: wrong API keys.
        domain: things below one registrable domain that are registered without proof.
        codes: codes to addresses of mail that one network asks for.
        partner_reading: as `reading`, for who brings an API key.
        partner_registering: as `registering`, for who brings an API key.
        networks: networks and partners that are remembered at once.
    """

    enabled: bool = True
    reading: Rate = "600/minute"
    registering: Rate = "60/10 minutes"
    secrets: Rate = "20/hour"
    keys: Rate = "20/hour"
    domain: Rate = "2000/day"
    codes: Rate = "10/hour"
    partner_reading: Rate = "6000/minute"
    partner_registering: Rate = "600/minute"
    networks: int = Field(default=50_000, ge=100, le=10_000_000)


class Metrics(_Part):
    """Who may read `/metrics`.

    Attributes:
        access: `off`, `token` (as a bearer token) or `loopback` (from this machine only).
        token: the token, at least 16 characters.
    """

    access: Literal["off", "token", "loopback"] = "off"
    token: SecretStr | None = Field(default=None, min_length=16)


class Settings(BaseSettings):
    """Everything that the service can be told. Frozen: it holds from the start to the end.

    Attributes:
        registry: its SQLite file or database URL.
        host: the address to listen on.
        port: 0 takes any free one.
        public_url: how people reach the service, for links; each request's own host by default.
        published: the folder in which snapshots are built; beside a SQLite file by default.
        state: the folder of uploads, and of the outbox.
        keys: the folder of the keys of registries that are no files.
        snapshot_key_required: whether only who brings an API key may fetch the snapshot.
        spawning_key_required: whether Spawning's query needs an API key.
        trusted_proxies: networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
        log_level: the least that is logged.
        mail: how letters leave.
        quotas: how often one network may ask.
        metrics: who may read `/metrics`.
        limits: how much one request may bring.
    """

    model_config = SettingsConfigDict(
        env_prefix="OPTOUT_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    registry: str = Field(default="optout.db", min_length=1, repr=False)
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    public_url: Annotated[str, AfterValidator(_service)] | None = None
    published: Path | None = None
    state: Path = Path("optout.state")
    keys: Path = Path()
    snapshot_key_required: bool = False
    spawning_key_required: bool = False
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_listed)] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    mail: Mail = Mail()
    quotas: Quotas = Quotas()
    metrics: Metrics = Metrics()
    limits: Annotated[Limits, AfterValidator(_ceilings)] = Limits()

    @property
    def uploads(self) -> Path:
        """The folder of what partners have sent."""
        return self.state / "uploads"

    @property
    def outbox(self) -> Path:
        """The folder of letters where no mail server is set."""
        return self.state / "outbox"
