"""Tables that are cards on a narrow screen: each cell says its column."""

from markupsafe import Markup

from campaign.web.tables import carded

TABLE = """<table class="govuk-table app-table">
<caption>Readings</caption>
<thead class="h"><tr class="r"><th scope="col">Taken</th>
<th scope="col"><a href="/x"><span class="govuk-visually-hidden">Sort by </span>Views &amp; more</a></th>
<th scope="col">Clicks</th></tr></thead>
<tbody><tr class="r"><td class="c">Today</td><td>7</td><td>8</td></tr>
<tr class="r"><th scope="row">Yesterday</th><td colspan="2">None &lt;yet&gt;</td></tr></tbody></table>"""


def test_each_cell_names_its_column() -> None:
    text = carded(Markup(TABLE))  # noqa: S704 - as a macro gives it
    assert '<td data-label="Taken" class="c">Today</td>' in text
    assert '<td data-label="Views &amp; more">7</td>' in text
    assert '<td data-label="Clicks">8</td>' in text
    assert '<td colspan="2">None &lt;yet&gt;</td>' in text, "what is of several columns is of none"


def test_it_stays_a_valid_table() -> None:
    text = carded(TABLE)
    assert '<table class="govuk-table app-carded app-table">' in text
    assert '<th scope="row">Yesterday</th>' in text
    assert "role=" not in text, "HTML forbids roles on the parts of a table"


def test_what_is_no_table_stays_as_it_is() -> None:
    assert carded("<p>Nothing</p>") == "<p>Nothing</p>"
