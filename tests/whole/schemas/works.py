"""Books and papers by their numbers."""

from __future__ import annotations

import base64
import hashlib
from random import Random

from .addresses import mixed_case


def isbn13(body: int) -> str:
    digits = f"978{body:09d}"
    total = sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(digits))
    return f"{digits}{-total % 10}"


def isbn10(thirteen: str) -> str:
    body = thirteen[3:12]
    total = sum(int(d) * (10 - place) for place, d in enumerate(body))
    check = -total % 11
    return body + ("X" if check == 10 else str(check))


def iscc(number: int) -> str:
    """A whole code: its header says so, and 32 bytes follow."""
    body = hashlib.sha256(str(number).encode()).digest()
    return base64.b32encode(b"\x50\x05" + body).decode().rstrip("=")


class Works:
    """As many of each scheme."""

    kind = "work"

    def __init__(self, many: int) -> None:
        self.isbn = [isbn13(306406 * 1000 + 7 * i) for i in range(many)]
        self.doi = [f"10.{5000 + i}/Journal.{i}(24)b" for i in range(many)]
        self.arxiv = [
            f"{2001 + i % 12:04d}.{10000 + i:05d}" if i % 3 else f"hep-th/99{i % 12 + 1:02d}{i:03d}"
            for i in range(many)
        ]

        self.iscc = [iscc(i) for i in range(many)]

    def registered(self) -> list[str]:
        schemes = {"isbn": self.isbn, "doi": self.doi, "arxiv": self.arxiv, "iscc": self.iscc}
        return [f"{scheme}:{value}" for scheme, values in schemes.items() for value in values]

    def disguise(self, scheme: str, random: Random) -> str:
        value = random.choice(getattr(self, scheme))
        if scheme == "isbn":
            ten = isbn10(value)
            return random.choice(
                (
                    *(value, ten, ten.lower(), f"ISBN {value}", f"isbn:{ten}"),
                    f"{value[:3]}-{value[3]}-{value[4:8]}-{value[8:12]}-{value[12]}",
                    f"{ten[0]}-{ten[1:5]}-{ten[5:9]}-{ten[9]}",
                    f"{value[:3]} {value[3:12]} {value[12]}",
                )
            )
        if scheme == "doi":
            value = random.choice((value, value.lower(), mixed_case(value, random)))
            heads = ("", "", "doi:", "DOI: ", "https://doi.org/", "http://dx.doi.org/")
            return random.choice(heads) + value
        if scheme == "iscc":
            grouped = "-".join(value[at : at + 4] for at in range(0, len(value), 4))
            value = random.choice((value, value, value.lower(), grouped))
            return random.choice(("", "ISCC:", "iscc:", "ISCC: ")) + value
        version = random.choice(("", "", "v1", "v12"))
        heads = ("", "", "arXiv:", "https://arxiv.org/abs/", "http://arxiv.org/pdf/")
        return random.choice(heads) + value + version

    def near_miss(self, scheme: str, random: Random) -> str:
        value = random.choice(getattr(self, scheme))
        if scheme == "isbn":
            wrong = value[:-1] + str((int(value[-1]) + 1) % 10)
            other = isbn13(random.randrange(10**8))
            return random.choice((other, isbn10(other), wrong, f"{value}0", value[:-1]))
        if scheme == "doi":
            return random.choice((f"{value}.x", value.replace("/", "/x"), value.replace("10.", "")))
        if scheme == "iscc":
            return random.choice(
                (value[:-1] + "1", iscc(random.randrange(10**6, 10**8)), value[1:])
            )
        return random.choice((f"{value}0", value[:-1] + "x", f"{value[:-1]}", "2401.00001"))
