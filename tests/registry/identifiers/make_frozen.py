"""Writes `frozen.jsonl`: 10,000 values of every kind and their digests, which never change.

It was run once. A new version of the canonicaliser gets a file of its own beside this one.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys

from optout.registry.errors import IdentifierError
from optout.registry.identifiers import PLATFORMS, Kind, canonical

HOSTS = (
    "anna.example",
    "WWW.Anna.Example.",
    "müller.example",
    "a.b.anna.example:8080",
    "192.0.2.7",
)
PARTS = (
    "Gallery",
    "~anna",
    "%7Eanna",
    "löwe",
    "a b",
    "2024",
    "..",
    "x%2fy",
    "a(1)",
    "[b]",
    "wp-content",
)
WORDS = (
    "Harbour",
    "quiet",
    "straße",
    "ﬁne",
    "ＭＯＲＮＩＮＧ",
    "İstanbul",
    "cafe\u0301",
    "li\u200bght",
    "\t",
    "中文",
)
NAMES = ("anna", "Anna", "anna_b", "anna-b", "Anna.Smith", "a1", "octocat", "12345678", "explore")


def value(kind: Kind, chance: random.Random) -> str:
    """One value as somebody may write it."""
    if kind is Kind.SITE:
        return f"{chance.choice(('', 'https://'))}S{chance.randrange(10**6)}.{chance.choice(HOSTS[:3])}"
    if kind in {Kind.URL, Kind.PREFIX}:
        path = "/".join(chance.choices(PARTS, k=chance.randint(1, 5)))
        end = chance.choice(("", "/", "?q=%41", "#top", f"/{chance.randrange(10**6)}.jpg"))
        return f"{chance.choice(('http://', 'HTTPS://', '//'))}{chance.choice(HOSTS)}/{path}{end}"
    if kind is Kind.ACCOUNT:
        platform = chance.choice([*PLATFORMS])
        name = f"{chance.choice(NAMES)}{chance.choice(('', chance.randrange(1000)))}"
        ending = chance.choice(("", "@Mastodon.Social", ".bsky.social"))
        return f"{platform}:{chance.choice(('', '@'))}{name}{ending}"
    if kind is Kind.WORK:
        digits = f"978{chance.randrange(10**9):09}"
        check = -sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(digits)) % 10
        return chance.choice(
            (
                f"ISBN {digits[:3]}-{digits[3:]}-{check}",
                f"https://doi.org/10.{chance.randrange(1000, 99999)}/ABC.{chance.randrange(10**6)}",
                f"arXiv:{chance.randrange(15, 25)}{chance.randrange(1, 13):02}."
                f"{chance.randrange(10**5):05}v{chance.randrange(1, 9)}",
                f"arxiv:hep-th/9{chance.randrange(1, 10)}{chance.randrange(1, 13):02}"
                f"{chance.randrange(1000):03}",
            )
        )
    if kind is Kind.TEXT:
        return " ".join(chance.choices(WORDS, k=chance.randint(5, 14)))
    size, start = chance.choice(((32, "md5:"), (64, "")))
    return start + "".join(chance.choices("0123456789abcdefABCDEF", k=size))


def main() -> None:
    """Print the file."""
    chance = random.Random(20261125)
    kinds = [kind for kind in Kind if kind is not Kind.IMAGE]
    made = 0
    while made < 10_000:
        kind = kinds[made % len(kinds)]
        text = value(kind, chance)
        try:
            form = canonical(kind, text)
        except IdentifierError:
            continue
        digest = hashlib.sha256(f"optout/v1/{kind}\0{form}".encode()).hexdigest()
        row = {"kind": str(kind), "text": text, "canonical": form, "digest": digest}
        sys.stdout.write(json.dumps(row) + "\n")
        made += 1


if __name__ == "__main__":
    main()
