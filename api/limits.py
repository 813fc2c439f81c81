"""How much one request may bring, and how much is done at once."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings of the service.

    Attributes:
        body: bytes of a request that brings pictures.
        words: bytes of any other request.
        drained: bytes beyond a limit that are read and thrown away, so that a browser which is
            still sending gets to see the answer.
        upload_seconds: how long a body may take to arrive.
        pause_seconds: how long it may pause.
        slowest: bytes a second below which it is too slow; large ones have to be faster where
            others wait, see `turns`.
        items: items of one case.
        pictures: pictures of one case.
        picture: bytes of one picture.
        lines: lines of one text.
        line: characters of one line or value.
        passage: characters of one passage of text.
        uploads: bodies above `words` held in memory at once; one fewer of one network.
        decoders: pictures decoded at once; one fewer of one network.
        picture_memory: bytes of memory that decoding one picture may take.
        picture_seconds: how long that may take.
        writers: registry calls at once.
        waiting: requests that may wait for their turn before new ones are turned away.
        checks: proofs that are looked at at once; one fewer of one network.
        check_seconds: how long looking at one may take, and waiting for one's turn before it.
        addresses: lines of one bulk query.
        addresses_body: bytes of one.
        report: bytes of a partner's report.
        whole_list: bytes of a partner's list.
        spare: bytes that lists leave free where they are kept.
        publish_seconds: for how long a snapshot is served as it is; 0 renews it whenever somebody
            asks.
    """

    body: int = 64 * MEBIBYTE
    words: int = 2 * MEBIBYTE
    drained: int = 256 * MEBIBYTE
    upload_seconds: float = 300
    pause_seconds: float = 30
    slowest: int = 8192
    items: int = 200
    pictures: int = 24
    picture: int = 16 * MEBIBYTE
    lines: int = 1000
    line: int = 4096
    passage: int = MEBIBYTE
    uploads: int = 6
    decoders: int = 2
    picture_memory: int = 768 * MEBIBYTE
    picture_seconds: float = 60
    writers: int = 4
    waiting: int = 64
    checks: int = 4
    check_seconds: float = 15
    addresses: int = 10_000
    addresses_body: int = 16 * MEBIBYTE
    report: int = 16 * MEBIBYTE
    whole_list: int = 1024 * MEBIBYTE
    spare: int = 1024 * MEBIBYTE
    publish_seconds: float = 60
