"""The REST API: what is committed, read-only, as far as a token's role may see it."""

from gvrc.api.application import create_api

__all__ = ["create_api"]
