"""A picture is looked up by its file's digest and by what it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import imagehash
import numpy as np
from optout.filter.pictures import Features, features
from optout.registry.images import pdq
from PIL import ImageOps


def test_the_file_is_hashed_and_the_picture_on_demand(
    photograph: Callable, encoded: Callable
) -> None:
    data = encoded(photograph(1), "PNG")
    sha256 = hashlib.sha256(data).hexdigest()
    md5 = hashlib.md5(data).hexdigest()
    assert features(data, perceptual=False) == Features(sha256, md5)
    seen = features(data, perceptual=True)
    bits = imagehash.phash(photograph(1), hash_size=16).hash
    assert (seen.sha256, seen.md5, seen.phash256) == (sha256, md5, np.packbits(bits).tobytes())
    bits = imagehash.phash(ImageOps.mirror(photograph(1).convert("L")), hash_size=16).hash
    assert seen.mirrored == np.packbits(bits).tobytes()
    assert not seen.undecodable


def test_the_pdq_of_a_picture_and_of_its_mirror_image_is_made_where_it_is_asked_for(
    photograph: Callable, encoded: Callable
) -> None:
    data = encoded(photograph(1), "PNG")
    assert features(data, perceptual=True).by_pdq == (None, None)
    seen = features(data, perceptual=True, by_pdq=True)
    ways = (photograph(1), ImageOps.mirror(photograph(1)))
    assert seen.by_pdq == tuple(pdq(way).hash for way in ways)
    assert seen.phash256 == features(data, perceptual=True).phash256
    assert features(data, perceptual=False, by_pdq=True).by_pdq == (None, None)


def test_what_cannot_be_decoded_still_has_its_digest(
    photograph: Callable, encoded: Callable
) -> None:
    data = encoded(photograph(1))[:300]
    seen = features(data, perceptual=True)
    assert seen == Features(
        hashlib.sha256(data).hexdigest(), hashlib.md5(data).hexdigest(), undecodable=True
    )
    assert not features(data, perceptual=False).undecodable
