"""Addresses as nobody should write them, and an index of just some of what covers them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.scan.addresses import AddressKernel
from optout.filter.scan.picture_kernels import PictureKernel
from optout.filter.scan.states import Trace
from optout.filter.scan.words import WordKernel
from optout.registry.identifiers import Kind, account_places, url_keys
from optout.registry.index import (
    build_filter,
    directory_of,
    prefix_hosts_of,
    table_of,
)

KINDS = frozenset({Kind.URL, Kind.SITE, Kind.PREFIX, Kind.ACCOUNT})

SCHEMES = [
    *["http://"] * 60,
    *["https://"] * 120,
    *["HTTP://", "Https://", "http:/", "https:///", "//", "", "ftp://", "http:\\\\", "  https://"],
    *["http://\t", "data:", "https:", "\nhttp://", "data:image/png;base64,", "hTTps:/\\"],
]
HOSTS = [
    *["anna.example", "www.a-b.co.uk", "cdn.photos.example.org", "img7.anna.example"] * 8,
    *["anna.example", "www.Anna.example", "a.b.c.d.example.co.uk", "1.2.3.4", "256.1.1.1"],
    *["01.2.3.4", "x_y.example", "-a.example", "a-.example", "a--b.example", "localhost"],
    *["xn--bcher-kva.example", "XN--BCHER-KVA.example", "bücher.example", "xn--a.example"],
    *["xn--80ak6aa92e.com", "xn--fiqs8s", "a.xn--p1ai", "xn--.com", "xn--mgberp4a5d4ar.com"],
    *["a..b", "a.b.", "a.1b", "a.0x1", "com", "EXAMPLE.COM", "9gag.com", "a" * 70 + ".com"],
    *[".".join(["a"] * 60) + ".com", "a.b%41.com", "m" * 250 + ".com", "m" * 249 + ".com"],
    *["a.example.com", "cdn-images-1.medium.com", "foo.9", "1.2.3", "4", "0.0.0.0"],
    *["255.255.255.255", "1.2.3.4.", "1.2.3.04", "[::1]", "[2001:DB8::1]", "a b.com", "ａ.com"],
    *["a" * 27 + ".com", "a" * 28 + ".com", "a" * 58 + ".co", "a" * 60 + ".com", "a.com:80@b.org"],
]
PARTS = [
    *["a", "..", ".", "%2e", "%2E%2e", ".%2e", "b.jpg", "", "Foo", "%7euser", "%C3%a9", "é"],
    *["日本", "%", "%4", "%zz", "%%41", "%41%42", "a b", "'", '"', "<>", "[]", "{}|^`", "\\", "~"],
    *["a%2fb", "...", "..a", ".a", "%2e%2e%2e", "%25", "%2525", "a@b", "a:b", "\x7f", "\x01"],
    *["\u200b", "😀", "+", "%20", "a;b", "a,b=c&d", "%e2%80%93", "%ff", "@anna", "users", "Users"],
    *["anna", "@anna@b.example", "@b%41", "photos", "channel", "profile.php", "u", "123", "x" * 99],
    *["%40anna", "User", "intent", "user", "@" + "y" * 600, "c", "in"],
]
PORTS = ["80", "443", "8080", "0080", "", "65535", "65536", "99999", "8a", "0", "00", "1", "123456"]
USERS = ["u@", "u:p@", "@", "u@v@", ":@", "u%40:x/@", "ü@", "a\t@"]
ENDS = [" ", "\n", "\t", "\x00", "?", "/", ".", "#", "  \n"]
NOISE = "%/?#.\\@: \té'\"[]\x7f~&A\n"
BYTES = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80", b"\x00"]


class Hostile:
    """Draws addresses.

    Args:
        seed: the same one gives the same addresses.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        places = list(account_places())
        self._platforms = [f"name.{p.host}" if p.below else p.host for p in places]
        self._words = sorted({word for p in places for word in p.literals})

    def values(self, count: int) -> list[bytes]:
        """Some values; a few are drawn more than once, and some are short of being text."""
        values: list[bytes] = []
        for _ in range(count):
            if values and self.random.random() < 0.05:
                values.append(self.random.choice(values))
                continue
            value = self.text().encode()
            values.append(self._broken(value) if self.random.random() < 0.02 else value)
        return values

    def text(self) -> str:
        """One address, or what should be none."""
        draw, choice = self.random.random, self.random.choice
        text = choice(SCHEMES)
        if draw() < 0.05:
            text += choice(USERS)
        text += self._host()
        if draw() < 0.12:
            text += ":" + choice(PORTS)
        if draw() < 0.9:
            text += "/" * (draw() < 0.95)
            text += "/".join(self._part() for _ in range(self.random.randrange(6)))
            if draw() < 0.02:
                text += "/x" * self.random.randrange(40)
        if draw() < 0.3:
            text += "?" + "&".join(self._part() for _ in range(self.random.randrange(3)))
        if draw() < 0.1:
            text += "#" + self._part()
        if draw() < 0.04:
            text += choice(ENDS)
        if draw() < 0.05:
            place = self.random.randrange(len(text) + 1)
            text = text[:place] + choice(NOISE) + text[place:]
        if draw() < 0.002:
            text += "/long" * self.random.randrange(9000)
        return text

    def _host(self) -> str:
        draw = self.random.random()
        if draw < 0.6:
            return self.random.choice(HOSTS)
        if draw < 0.8:
            return self.random.choice(self._platforms)
        return "".join(
            self.random.choice("abcA1.-_:%@é") for _ in range(self.random.randrange(1, 12))
        )

    def _part(self) -> str:
        draw = self.random.random()
        if draw < 0.6:
            return self.random.choice(PARTS)
        if draw < 0.75:
            return self.random.choice(self._words)
        letters = "abcXYZ012._-~%/?#'\\ é@"
        return "".join(self.random.choice(letters) for _ in range(self.random.randrange(6)))

    def _broken(self, value: bytes) -> bytes:
        place = self.random.randrange(len(value) + 1)
        return value[:place] + self.random.choice(BYTES) + value[place:]


@dataclass
class Registered:
    """A snapshot as far as kernels see one: probes, in the index that a snapshot has.

    Attributes:
        probes: uint64, ascending.
        prefixes: those among them that are of prefixes.
        kinds: which kinds there are.
    """

    probes: npt.NDArray[np.uint64]
    prefixes: npt.NDArray[np.uint64]
    kinds: frozenset[Kind] = KINDS
    counts: dict[str, dict[str, int]] = field(init=False)
    probe_tables: npt.NDArray[np.uint64] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = {"by_kind": {str(kind): 1 for kind in self.kinds}}
        self._parts = (
            build_filter(np.unique(self.probes)),
            self.probes,
            directory_of(self.probes),
            prefix_hosts_of((self.prefixes >> np.uint64(32)).astype(np.uint32)),
        )
        self.probe_tables = table_of(*self._parts).reshape(1, -1)

    def candidates(
        self, probes: npt.NDArray[np.uint64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """As `Snapshot.candidates`; the rows say nothing."""
        positions = np.flatnonzero(np.isin(probes, self.probes))
        return positions, np.zeros(len(positions), np.int64)

    @classmethod
    def some_of(
        cls, values: Sequence[bytes], seed: int, share: float, kinds: frozenset[Kind] = KINDS
    ) -> Registered:
        """Registers a share of what covers some values."""
        drawn = random.Random(seed)
        keys = {
            key
            for value in values
            for key in url_keys(value.decode(errors="replace"), kinds) or ()
            if key.kind in kinds
        }
        chosen = [key for key in sorted(keys) if drawn.random() < share]
        every, prefixes = (
            np.unique(np.array([key.probe for key in chosen if key.kind in some], np.uint64))
            for some in (frozenset(Kind), {Kind.PREFIX})
        )
        return cls(every, prefixes, kinds)


def both(registered: Registered, kinds: frozenset[Kind]) -> tuple[AddressKernel, WordKernel]:
    """The compiled kernel and the plain one."""
    plain = WordKernel(registered, kinds, "url", PictureKernel(registered, kinds, 30))
    return AddressKernel(registered, kinds, plain), plain


def differences(
    fast: AddressKernel, plain: WordKernel, values: pa.LargeBinaryArray
) -> list[tuple[bytes, int, int, bool, bool]]:
    """Values of which two kernels say different things: states, and whether they are candidates."""
    ours, theirs = fast(values), plain(values)
    found = np.zeros((2, len(values)), bool)
    found[0, ours.candidates()] = True
    found[1, theirs.candidates()] = True
    wrong = np.flatnonzero((ours.states != theirs.states) | (found[0] != found[1]))
    different = [
        (values[i].as_py(), int(ours.states[i]), int(theirs.states[i]), *found[:, i].tolist())
        for i in wrong.tolist()
    ]
    told: dict[int, set[Digest]] = {}
    keys = ours.registered.keys
    for position, kind, digest in zip(
        ours.registered.values.tolist(), keys.kind.tolist(), keys.digest, strict=True
    ):
        told.setdefault(position, set()).add((kind, digest.tobytes()))
    meant = {position: theirs.traces[position] for position in told if position in theirs.traces}
    expected = covering(meant, plain)
    for position in np.flatnonzero(found.all(axis=0)).tolist():
        if position in told:
            same = told[position] == expected.get(position)
        else:
            same = ours.traces[position] == theirs.traces[position]
        if not same:
            different.append((values[position].as_py(), 0, 0, True, True))
    return different


Digest = tuple[int, bytes]
"""The code of a kind, and the digest of a key."""


def covering(traces: dict[int, Trace], plain: WordKernel) -> dict[int, set[Digest]]:
    """The registered keys of addresses, as the reference has them."""
    keys = [
        (position, key)
        for position, trace in traces.items()
        for key in url_keys(trace.words["url"]) or ()
        if key.kind in plain._kinds
    ]
    places, _ = plain._snapshot.candidates(np.array([key.probe for _, key in keys], np.uint64))
    registered: dict[int, set[Digest]] = {}
    for place in places.tolist():
        position, key = keys[place]
        registered.setdefault(position, set()).add((key.kind.code, key.digest))
    return registered
