"""Hands the browser's room to every test of this folder."""

from pages_shown import browser_type_launch_args, pages, posts, pytest_collection_modifyitems, window

__all__ = ["browser_type_launch_args", "pages", "posts", "pytest_collection_modifyitems", "window"]
