"""The pages for creators: plain HTML in English and French that works without JavaScript."""

from .routes import Pages

__all__ = ["Pages"]
