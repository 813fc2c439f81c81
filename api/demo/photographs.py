"""The photographs of the demo: real ones, from the folder that scikit-image ships in its wheel.

They are read by their path and never fetched: `skimage.data` would download what is not there.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from optout.registry.errors import OptOutError

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Photograph:
    """One file of scikit-image's data folder, and what people write under such a picture."""

    file: str
    slug: str
    """How its subject reads in a file name."""
    captions: tuple[str, ...]


REGISTERED = Photograph(
    "motorcycle_left.png",
    "motorcycle",
    (
        "Motorcycle in the workshop",
        "old motorcycle parked between shelves",
        "Garage wall art, motorcycle, canvas 60x40",
        "vintage bike restoration before and after",
    ),
)
"""The photograph that its maker opts out."""

LOOK_ALIKE = Photograph(
    "motorcycle_right.png",
    "workshop",
    (
        "The same workshop, photographed by somebody else",
        "workshop with motorcycle, view from the right",
        "motorcycle among tools",
    ),
)
"""The right eye of the same stereo pair: another photograph of the same scene."""

OTHERS = (
    Photograph(
        "astronaut.png",
        "astronaut",
        (
            "Astronaut in an orange suit smiling in front of a flag",
            "portrait of a shuttle commander",
            "NASA astronaut portrait, public domain",
        ),
    ),
    Photograph(
        "brick.png",
        "brick-wall",
        ("seamless brick wall texture", "Old brick wall, grey", "brick background for renders"),
    ),
    Photograph(
        "camera.png",
        "cameraman",
        (
            "man with a camera on a tripod, black and white",
            "Film student on the lawn",
            "vintage photograph of a cameraman",
        ),
    ),
    Photograph(
        "cell.png",
        "cell",
        ("Cell under the microscope", "phase contrast image of a cell", "cell biology stock photo"),
    ),
    Photograph(
        "chelsea.png",
        "tabby-cat",
        (
            "my cat Chelsea looking very serious",
            "Tabby cat close up, green eyes",
            "cute cat wallpaper",
            "cat portrait print A4",
        ),
    ),
    Photograph(
        "coffee.png",
        "espresso",
        (
            "cup of espresso on a wooden table",
            "Coffee with spoon, top view",
            "how to make the perfect espresso at home",
        ),
    ),
    Photograph(
        "coins.png",
        "greek-coins",
        ("Greek coins from Pompeii", "lot of ancient coins, auction 41", "numismatics collection"),
    ),
    Photograph(
        "grass.png",
        "grass",
        ("grass texture, tileable", "Lawn from above", "natural grass background"),
    ),
    Photograph(
        "gravel.png",
        "gravel",
        ("gravel driveway texture", "Pebbles, grey, 20 mm", "gravel background seamless"),
    ),
    Photograph(
        "hubble_deep_field.jpg",
        "galaxies",
        (
            "Hubble deep field, galaxies in every direction",
            "space wallpaper 1920x1080",
            "thousands of galaxies in one picture",
        ),
    ),
    Photograph(
        "ihc.png",
        "tissue",
        ("Immunohistochemical staining of colon tissue", "pathology slide, 20x", "histology atlas"),
    ),
    Photograph(
        "moon.png",
        "moon",
        ("Surface of the moon", "moon craters, black and white", "lunar orbiter photograph"),
    ),
    Photograph(
        "retina.jpg",
        "retina",
        ("Retina of a healthy eye", "fundus photograph", "what an eye doctor sees"),
    ),
    Photograph(
        "rocket.jpg",
        "rocket",
        (
            "Rocket on the launch pad at dusk",
            "Falcon 9 before launch",
            "rocket launch live stream thumbnail",
        ),
    ),
)


def folder() -> Path:
    """Where scikit-image keeps its photographs on this machine.

    Raises:
        OptOutError: scikit-image is not installed.
    """
    # The package itself is not imported: it would pull in all of scipy.
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise OptOutError(
            "the demo's photographs are not installed",
            "Install them with: pip install 'optout[demo]'",
        )
    return Path(found.submodule_search_locations[0]) / "data"


def load(photograph: Photograph) -> Image.Image:
    """The photograph as RGB pixels.

    Raises:
        OptOutError: scikit-image is not installed, or ships this photograph no longer.
    """
    from PIL import Image

    path = folder() / photograph.file
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except OSError as fault:
        raise OptOutError(
            f"scikit-image does not hold the photograph {photograph.file}",
            "Install the release that optout was tried with: pip install 'scikit-image==0.26.0'",
        ) from fault
