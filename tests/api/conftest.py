"""Hands a room of its own to every test of the API."""

from pages_room import room

__all__ = ["room"]
