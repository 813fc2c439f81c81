"""The HTTP API: cases under /v1, the snapshot's files, and the server that carries the pages."""

from .entry import create_app, extra, serve, serve_settings

__all__ = ["create_app", "extra", "serve", "serve_settings"]
