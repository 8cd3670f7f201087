"""The accessibility statement: what these pages were tested for, and what is known not to work."""

from fastapi.responses import Response

from campaign.web.area import Area, Open
from campaign.web.visitor import Anyone

area = Area()


@area.get("/accessibility", Open.ANYONE)
def statement(who: Anyone) -> Response:
    """Show the statement to anybody."""
    return who.page("accessibility/statement.html")
