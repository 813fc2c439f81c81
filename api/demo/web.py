"""A made-up web for the demo: addresses that read like a crawl and belong to nobody.

Every host lies under `.example`, which RFC 2606 keeps free for this purpose.
"""

from __future__ import annotations

import numpy as np

SITE = "idaholm.example"
"""The photographer's own site, which is opted out whole."""

PAGE = "https://frames.example/p/ida-holm/motorcycle-in-the-workshop"
"""One picture of hers on a platform, opted out by its address."""

PAGES_OF_THE_SITE = (
    "https://idaholm.example/",
    "https://idaholm.example/garage/motorcycle.jpg",
    "http://www.idaholm.example/wp-content/uploads/2021/03/harbour-1024x683.jpg",
    "https://IdaHolm.example/about",
    "https://prints.idaholm.example/cart/large.jpg?size=60x40",
    "https://idaholm.example:8443/raw/0041.jpg",
    "//cdn.idaholm.example/i/0042.webp",
    "https://idaholm.example./journal/2019/winter",
    "HTTP://WWW.IDAHOLM.EXAMPLE:80/Garage/IMG_2207.JPG",
    "https://a.b.c.idaholm.example/deep/link.jpg#frame",
    "https://user@idaholm.example/private.jpg",
    "https://idaholm.example/%67arage/motorcycle-2.jpg",
)
"""Addresses below the site, as crawls spell them: each must go."""

SPELLINGS_OF_THE_PAGE = (
    PAGE,
    "http://frames.example/p/ida-holm/motorcycle-in-the-workshop",
    "HTTPS://Frames.Example:443/p/ida-holm/./motorcycle-in-the-workshop#comments",
    "https://frames.example/p/ida-holm/motorcycle%2Din%2Dthe%2Dworkshop",
)
"""One address, written differently: each must go."""

NEIGHBOURS = (
    "https://notidaholm.example/",
    "https://idaholm.example.photos.example/garage/motorcycle.jpg",
    "https://idaholm-fanpage.example/motorcycle.jpg",
    "https://idaholm.examples.example/",
    "https://search.example/?q=idaholm.example",
    "https://archive.example/web/2021/idaholm.example/garage",
    "https://frames.example/p/ida-holm/motorcycle-in-the-workshop-2",
    "https://frames.example/p/ida-holm/Motorcycle-in-the-workshop",
    "https://www.frames.example/p/ida-holm/motorcycle-in-the-workshop",
)
"""Addresses that look alike and are somebody else's, or another page: each must stay."""

_HOSTS = (
    "images.northwind",
    "cdn.teapot",
    "static.wallpapers",
    "i.shopfront",
    "media.daily-courier",
    "pics.forum",
    "upload.openbook",
    "assets.gardenia",
    "img.recipes",
    "thumbs.auction",
    "photos.travelblog",
    "www.museum",
    "www.university",
    "live.photostream",
    "cdn2.posters",
    "files.homebrew",
)
_PATHS = (
    "/wp-content/uploads/{year}/{month:02d}/{slug}-1024x683.jpg",
    "/photos/{number}_b.jpg",
    "/media/catalog/product/{slug}_{number}.jpg",
    "/{slug}/{number}.jpg?w=640",
    "/p/{number}/{slug}.jpeg",
    "/s3/{year}/{slug}%20{number}.jpg",
)


def address(random: np.random.Generator, slug: str) -> str:
    """A believable address of a picture whose subject is `slug`."""
    host = _HOSTS[random.integers(len(_HOSTS))]
    path = _PATHS[random.integers(len(_PATHS))].format(
        slug=slug,
        year=random.integers(2009, 2024),
        month=random.integers(1, 13),
        number=random.integers(10**5, 10**9),
    )
    scheme = "https" if random.random() < 0.9 else "http"
    return f"{scheme}://{host}.example{path}"
