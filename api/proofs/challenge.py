"""What a person has to place, and where: in DNS, in a file, or in the text of a profile.

    _optout-challenge.anna.example  TXT  "token=<base64url> expiry=2026-12-31T00:00:00Z"
    https://anna.example/.well-known/optout-challenge/<token>   holds   <token>.<thumbprint>
    optout:mfrggzdfmztwq2lk                                     in a profile

DNS follows draft-ietf-dnsop-domain-verification-techniques, the file follows http-01 of ACME
(RFC 8555, 8.3): its thumbprint names case and subject, so that a file copied by others, or by a
server that answers with what it was asked for, serves no case at all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime

TOKEN_BYTES = 32
"""Random bytes of a challenge."""

_CODE_BYTES = 10
"""80 bits of a profile's code: nobody meets one by chance, and 16 letters fit in any profile."""

RECORD_LABEL = "_optout-challenge"
WELL_KNOWN = "/.well-known/optout-challenge/"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What proves one subject for one case.

    Attributes:
        case_number: of the case that claims it.
        subject: a host in canonical form, or an account such as `github:octocat`.
        token: 32 random bytes that the caller has made and keeps.
        expires: until when a record of DNS is said to stand.
    """

    case_number: str
    subject: str
    token: bytes = field(repr=False)
    expires: datetime

    def __post_init__(self) -> None:
        if len(self.token) != TOKEN_BYTES:
            raise ValueError(f"a token has {TOKEN_BYTES} bytes, not {len(self.token)}")

    @property
    def text(self) -> str:
        """The token as people copy it: base64url without padding."""
        return _base64url(self.token)

    @property
    def record_name(self) -> str:
        """The name of the TXT record."""
        return f"{RECORD_LABEL}.{self.subject}"

    @property
    def record_value(self) -> str:
        """The value of the TXT record."""
        until = self.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"token={self.text} expiry={until}"

    @property
    def file_address(self) -> str:
        """The address of the file."""
        return f"https://{self.subject}{WELL_KNOWN}{self.text}"

    @property
    def file_body(self) -> str:
        """What the file holds."""
        bound = f"optout/v1/challenge\0{self.case_number}\0{self.subject}".encode()
        return f"{self.text}.{_base64url(hashlib.sha256(bound).digest())}"

    @property
    def line(self) -> str:
        """What stands in a profile: small letters and digits, which no markup takes for its own."""
        bound = f"optout/v1/account\0{self.case_number}\0{self.subject}".encode()
        digest = hmac.digest(self.token, bound, "sha256")[:_CODE_BYTES]
        return f"optout:{b32encode(digest).decode().lower()}"

    def is_in(self, text: str) -> bool:
        """Whether the line stands in a text, as a word of its own and in any case."""
        return re.search(rf"(?<!\w){self.line}(?!\w)", text, re.IGNORECASE) is not None

    def is_record(self, value: bytes, now: datetime) -> bool:
        """Whether a TXT record is this challenge's, and not said to be over.

        Args:
            value: its strings, joined.
            now: the time.
        """
        words = value.decode("ascii", "replace").strip().strip('"').split()
        pairs = dict(word.partition("=")[::2] for word in words)
        token = pairs.get("token", "").encode()
        return hmac.compare_digest(token, self.text.encode()) and _stands(
            pairs.get("expiry", ""), now
        )

    def is_file(self, body: bytes) -> bool:
        """Whether the bytes of a file are this challenge's; white space around them is let be."""
        return hmac.compare_digest(body.strip(), self.file_body.encode())


def _base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _stands(expiry: str, now: datetime) -> bool:
    # What cannot be read was mistyped by whoever placed the right token: it does no harm.
    try:
        until = datetime.fromisoformat(expiry)
    except ValueError:
        return True
    return until.tzinfo is None or now < until
