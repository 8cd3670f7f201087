"""The API for programs: /api/v1, with tokens, the same functions underneath as the pages and the command line."""

from campaign.web.api.site import api

__all__ = ["api"]
