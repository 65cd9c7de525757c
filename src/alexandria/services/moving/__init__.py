"""Moves a library from SQLite to PostgreSQL."""

from alexandria.services.moving.service import MoveService

__all__ = ["MoveService"]
