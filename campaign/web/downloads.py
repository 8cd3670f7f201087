"""Tables that people take away as files."""

from collections.abc import Iterable, Sequence

from fastapi.responses import Response, StreamingResponse

from campaign.reports.export import Row, csv_pieces


def as_csv(rows: Iterable[Row], columns: Sequence[str], name: str) -> Response:
    """Return rows as a CSV file that a spreadsheet may open without harm, sent piece by piece."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(csv_pieces(rows, columns), media_type="text/csv; charset=utf-8", headers=headers)
