"""Which packages have pictures that people made, and which of their files are what.

What is a photograph was decided by looking at them; the patterns say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PHOTOGRAPHS = "photographs"
LEFT_OUT = ""
"""In place of a class: of what no class is to have."""


@dataclass(frozen=True)
class Package:
    """Where pictures come from.

    Attributes:
        name: of the Debian package; of the Python package, where `python`.
        licence: of its pictures, as the package states it.
        classes: patterns of paths inside the package, by class of picture. Those in a resource
            file stand behind its name.
        kin: which pictures may show the same and are never compared with each other: where
            `series`, those whose names differ by digits at the end; where `folder`, those of the
            same folder two above; none where empty.
        python: it is a Python package that is installed already.
        quick: it is used by the short form too.
        most: of its pictures, spread over all of them.
    """

    name: str
    licence: str
    classes: Mapping[str, tuple[str, ...]]
    kin: str = ""
    python: bool = False
    quick: bool = False
    most: int = 1_000


_LOMIRI = "CC-BY-SA-3.0, CC-BY-SA-4.0, CC-BY-4.0, CC0-1.0"
_GCOMPRIS = "gcompris/src/activities"
_HELP = "usr/share/doc/HTML/en/*.png"

PACKAGES = (
    Package(
        "gcompris-qt-data",
        "CC-BY-SA-2.0 to 4.0, CC-BY-2.0 to 4.0, CC0-1.0, public domain, GPL-3+",
        {
            PHOTOGRAPHS: (
                *(
                    f"*.rcc/{_GCOMPRIS}/categorization/resource/images/{each}/*"
                    for each in ("tools", "renewable", "monuments", "fishes", "others")
                ),
                f"*.rcc/{_GCOMPRIS}/clickgame/resource/sea*",
                f"*.rcc/{_GCOMPRIS}/details/resource/image/*_background.webp",
                f"*.rcc/{_GCOMPRIS}/erase/resource/*.webp",
                f"*.rcc/{_GCOMPRIS}/explore_*/resource/*.webp",
            ),
        },
        quick=True,
    ),
    Package(
        "kphotoalbum",
        "GPL-2+",
        {PHOTOGRAPHS: ("usr/share/kphotoalbum/demo/[a-z]*.jpg",), "screenshots": (_HELP,)},
        kin="series",
        quick=True,
    ),
    Package(
        "lomiri-wallpapers-16.04",
        _LOMIRI,
        {PHOTOGRAPHS: ("usr/share/backgrounds/[!u]*.jpg",)},
        quick=True,
    ),
    Package("lomiri-wallpapers-20.04", _LOMIRI, {PHOTOGRAPHS: ("*/Kleiber_*",)}),
    Package(
        "mate-backgrounds",
        "CC-BY-SA-4.0, GPL-2+",
        {
            PHOTOGRAPHS: ("*/mate/nature/*.jpg",),
            "drawn wallpapers": ("*/mate/abstract/*.png", "*/mate/abstract/Elephants.jpg"),
        },
    ),
    Package(
        "plasma-workspace-wallpapers",
        "GPL-2+",
        {
            PHOTOGRAPHS: ("*/contents/images/2560x1600.jpg",),
            "drawn wallpapers": (
                "*/contents/images/3840x2160.*",
                "*/contents/images/5120x2880.*",
                "*/contents/images/3200x2000.*",
                "*/contents/images/2560x1600.png",
            ),
        },
        kin="folder",
    ),
    Package(
        "lxqt-themes",
        "LGPL-2.1+, CC-BY-SA-3.0",
        {
            PHOTOGRAPHS: tuple(
                f"*/lxqt/wallpapers/{name}.*"
                for name in (
                    "Butterfly-Kenneth-Wimer", "Valendas", "after-the-rain", "appleflower", "beam",
                    "butterfly", "cloud", "drop", "flowers", "fog", "this-is-not-windows",
                )
            ),
            "drawn wallpapers": tuple(
                f"*/lxqt/wallpapers/{name}.*"
                for name in ("kde-plasma", "origami-dark", "simple_blue_widescreen", "triangles")
            ),
        },
    ),
    Package("ukui-wallpapers", "CC-BY-SA-3.0", {"drawn wallpapers": ("usr/share/backgrounds/*",)}),
    Package(
        "gnome-backgrounds",
        "CC-BY-SA-3.0",
        {"drawn wallpapers": ("*/backgrounds/gnome/*-l.webp",)},
    ),
    Package("palapeli-data", "GPL-2+, GFDL-1.2+", {PHOTOGRAPHS: ("*/palapeli/collection/*.jpg",)}),
    Package(
        "wordpress-theme-twentytwentyone",
        "GPL-2+; the paintings are in the public domain",
        {PHOTOGRAPHS: ("*/assets/images/*.jpg",)},
    ),
    Package("wordpress-theme-twentytwentytwo", "GPL-2+", {PHOTOGRAPHS: ("*/ducks.jpg",)}),
    Package(
        "opencv-doc",
        "Apache-2.0, BSD-3-Clause",
        {
            PHOTOGRAPHS: tuple(
                f"*/examples/data/{name}.*"
                for name in (
                    "aloeL", "apple", "baboon", "basketball1", "board", "building", "butterfly",
                    "fruits", "home", "left01", "leuvenA", "messi5", "orange", "rubberwhale1",
                    "smarties", "squirrel_cls", "starry_night", "stuff", "graf1", "box_in_scene",
                )
            ),
        },
    ),
    Package(
        "kgeography-data",
        "GPL-2+, GFDL-1.2+",
        {
            "flags": ("usr/share/kgeography/flags/*.png",),
            "maps": ("usr/share/kgeography/*.png",),
            "screenshots": (_HELP,),
        },
    ),
    Package("parley-data", "GPL-2+, GFDL-1.2", {"screenshots": (_HELP,)}),
    Package(
        "pysiogame",
        "public domain",
        {"clip art": ("*/images/art4apps/*.jpg",)},
    ),
    Package(
        "openclipart-png",
        "public domain",
        {"clip art": ("usr/share/openclipart/png/*.png",)},
        kin="series",
    ),
    Package(
        "fonts-dejavu-core",
        "the Bitstream Vera licence",
        {},  # for what is drawn here
        quick=True,
    ),
    Package(
        "tuxpaint-stamps-default",
        "GPL-2",
        {
            # Drawings, some of which are in another package too, and what is there mirrored.
            LEFT_OUT: ("*/cartoon/*", "*_mirror.png"),
            "cut-outs on white": tuple(
                f"*/stamps/{each}/*"
                for each in (
                    "animals", "food", "hobbies", "household", "medical", "military", "plants",
                    "space", "sports", "symbols/money/[!0]*", "vehicles",
                )
            ),
        },
    ),
    Package("stellarium-data", "GPL-2+", {"night sky": ("*/nebulae/default/*.png",)}),
    Package(
        "scikit-image",
        "BSD-3-Clause, CC0-1.0, public domain",
        {
            PHOTOGRAPHS: tuple(
                f"data/{name}.*"
                for name in (
                    "astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass",
                    "gravel", "hubble_deep_field", "ihc", "moon", "motorcycle_left", "retina",
                    "rocket",
                )
            ),
        },
        python=True,
        quick=True,
    ),
)  # fmt: skip
