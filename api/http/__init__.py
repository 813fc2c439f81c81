"""The HTTP API: cases under /v1, the snapshot's files, and the server that carries the pages."""

from .entry import create_app, serve

__all__ = ["create_app", "serve"]
