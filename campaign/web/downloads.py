"""Tables that people take away as files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.background import BackgroundTask

from campaign.reports.export import Row, csv_pieces
from campaign.reports.sheet import write_xlsx


def as_csv(rows: Iterable[Row], columns: Sequence[str], name: str) -> Response:
    """Return rows as a CSV file that a spreadsheet may open without harm, sent piece by piece."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(csv_pieces(rows, columns), media_type="text/csv; charset=utf-8", headers=headers)


def as_xlsx(rows: Iterable[Row], columns: Sequence[str], name: str, title: str) -> Response:
    """Return rows as a workbook whose sheet is called ``title``; it is made in a file that is gone once it was sent.

    Raises:
        WrongUse: there are more rows than a sheet holds.

    """
    folder = Path(mkdtemp(prefix="campaign-"))
    try:
        write_xlsx(rows, folder / "sheet.xlsx", columns, title=title)
    except BaseException:
        rmtree(folder)
        raise
    return FileResponse(folder / "sheet.xlsx", filename=f"{name}.xlsx", background=BackgroundTask(rmtree, folder))
