"""Where in the code something went wrong: all that may be noted of an error."""

from __future__ import annotations

import traceback
from pathlib import Path


def where(error: BaseException) -> str:
    """An error by its types and places in the code, without a word of its messages."""
    told = []
    link: BaseException | None = error
    while link is not None:
        frames = traceback.extract_tb(link.__traceback__)[-3:]
        places = ", ".join(
            f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno}" for frame in frames
        )
        told.append(f"{type(link).__name__} at {places}")
        link = link.__cause__ or link.__context__
    return "; caused by ".join(told)
