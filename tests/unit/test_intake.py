"""Imports: a file is read whole, or refused with every fault named by line, column and mend."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from campaign.errors import BadInput, Finding
from campaign.intake import (
    AccountRow,
    PartnerRow,
    SubscriberRow,
    account_of,
    accounts_of,
    partner_of,
    read_accounts,
    read_partners,
    read_subscribers,
)

CHANNELS = {"x", "facebook", "linkedin", "email"}
PARTNERS = {"oakfield", "Elmwood"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
ACCOUNTS = "partner,channel,handle,external_id,mode,credentials\n"
SUBSCRIBERS = "email,name,consent_source,consent_at\n"


def sheet(folder: Path, content: str | bytes) -> Path:
    path = folder / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def faults(caught: pytest.ExceptionInfo[BadInput]) -> list[tuple[int | None, str]]:
    return [(finding.line, finding.field) for finding in caught.value.findings]


def partner_faults(folder: Path, content: str | bytes) -> tuple[Finding, ...]:
    with pytest.raises(BadInput) as caught:
        read_partners(sheet(folder, content))
    return caught.value.findings


def account_faults(folder: Path, rows: str, header: str = ACCOUNTS) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_accounts(sheet(folder, header + rows), CHANNELS, PARTNERS, {"OK": "{}"})
    return list(map(str, caught.value.findings))


def test_partners_come_with_their_details_and_their_yes(tmp_path: Path) -> None:
    header = "partner,name,kind,region,agreed,X line,contact\n"
    row = 'oakfield,Oakfield School,school,London,"2025-11-20, Jo",Ours,\n'
    assert read_partners(sheet(tmp_path, header + row)) == [
        PartnerRow(
            "oakfield",
            "Oakfield School",
            "school",
            "London",
            datetime(2025, 11, 20, tzinfo=UTC),
            "Jo",
            {"x_line": "Ours"},
        )
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_accents_survive_every_way_a_spreadsheet_saves(
    tmp_path: Path, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    [row] = read_partners(sheet(tmp_path, "partner,name\na,Zoë \u2019s Café\n".encode(encoding)))
    assert row.name == "Zoë \u2019s Café"
    assert ("Windows-1252" in caplog.text) == (encoding == "cp1252")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_separators_line_ends_and_empty_rows_of_spreadsheets_are_taken(tmp_path: Path, mark: str) -> None:
    content = (
        f'partner{mark}name{mark}motto\r\n\r\na{mark}A{mark}"Two{mark}\nlines"\r\n{mark}{mark}\r\nb{mark}B{mark}\r\n'
    )
    rows = read_partners(sheet(tmp_path, content))
    assert [(row.key, row.details) for row in rows] == [("a", {"motto": f"Two{mark}\nlines"}), ("b", {})]


@pytest.mark.parametrize("told", ["sep={}\r\n", '"sep={}"\n'])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_first_line_that_names_the_separator_is_no_header(tmp_path: Path, told: str, mark: str) -> None:
    content = f"{told.format(mark)}partner{mark}name\r\na{mark}One\r\nb b{mark}B\r\n"
    with pytest.raises(BadInput) as caught:
        read_partners(sheet(tmp_path, content))
    assert faults(caught) == [(4, "partner")]
    [row] = read_partners(sheet(tmp_path, content.partition("b b")[0]))
    assert (row.key, row.name) == ("a", "One")
    with pytest.raises(BadInput) as caught:
        read_partners(sheet(tmp_path, content.replace("partner", "partnr")))
    assert faults(caught)[0] == (2, "partner")


def test_the_separator_is_what_gives_the_known_columns(tmp_path: Path) -> None:
    text = "partner;name;Town, county\noak;Oak School;Leeds\n"
    assert "it cannot be the name of a detail" in str(partner_faults(tmp_path, text)[0])
    text = "email;name;consent_source;consent_at;region_1,2\na@example.org;Ann;form;2025-11-01;x\n"
    with pytest.raises(BadInput) as caught:
        read_subscribers(sheet(tmp_path, text), NOW, LONDON)
    assert [one.field for one in caught.value.findings] == ["region_1,2"]


@pytest.mark.parametrize(
    ("header", "mend"),
    [
        ("Email Address,Name,consent_source,consent_at", "Rename 'Email Address' to 'email'"),
        ("e-mail,Name,consent_source,consent_at", "Rename 'e-mail' to 'email'"),
        ("Town,Name,consent_source,consent_at", "Add it to the header"),
    ],
)
def test_a_column_that_is_missing_is_looked_for_among_the_others(tmp_path: Path, header: str, mend: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_subscribers(sheet(tmp_path, f"{header}\n"), NOW, LONDON)
    assert caught.value.findings[0].problem == "the column is missing"
    assert caught.value.findings[0].mend == mend


def test_columns_at_the_end_without_a_name_and_values_are_passed_over(tmp_path: Path) -> None:
    [row] = read_partners(sheet(tmp_path, "partner,name,,\na,One,,\n"))
    assert (row.name, row.details) == ("One", {})
    [row] = read_partners(sheet(tmp_path, "partner,name\na,One,,\n"))
    assert row.columns == {"partner", "name"}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_of_utf_8_with_a_letter_of_another_code_is_refused_by_its_line(tmp_path: Path, mark: bytes) -> None:
    content = mark + "partner,name\na,École\n".encode() + "b,Château\n".encode("cp1252")
    [found] = partner_faults(tmp_path, content)
    assert (found.line, found.field) == (3, "the row")
    assert "not UTF-8" in found.problem


def test_one_line_is_asked_for_where_forms_ask_for_it(tmp_path: Path) -> None:
    found = partner_faults(tmp_path, 'partner,name,kind,motto\na,"A\nB","s\x07","two\nlines"\n')
    assert [(one.line, one.field) for one in found] == [(2, "name"), (2, "kind")]
    [row] = read_partners(sheet(tmp_path, "partner,name\na,Oak\N{NO-BREAK SPACE}School\n"))
    assert row.name == "Oak\N{NO-BREAK SPACE}School"
    with pytest.raises(BadInput) as caught:
        partner_of({"partner": "a", "name": "A\nB"})
    assert faults(caught) == [(1, "name")]


def test_a_control_character_in_a_detail_is_refused_and_lines_are_taken(tmp_path: Path) -> None:
    header, row = SUBSCRIBERS.replace("\n", ",school\n"), "a@b.example,Ann,form,2025-01-01T10:00:00Z,{}\n"
    with pytest.raises(BadInput) as caught:
        read_subscribers(sheet(tmp_path, header + row.format("Oak\x07field")), NOW, LONDON)
    assert faults(caught) == [(2, "school")]
    found = read_subscribers(sheet(tmp_path, header + row.format('"Oak\nfield\tSchool"')), NOW, LONDON)
    assert found[0].details == {"school": "Oak\nfield\tSchool"}


def test_an_approver_that_nobody_knows_is_named_by_its_line(tmp_path: Path) -> None:
    [found] = partner_faults(tmp_path, "partner,name,approver\na,A,both\nb,B,nobody\n")
    assert str(found) == "people.csv:3: approver: 'nobody' is not known. Write one of dfe, partner, both"


@pytest.mark.parametrize("ident", ["1.02345E+14", "1,02345E+14", "1e+15"])
def test_an_id_that_a_spreadsheet_has_rounded_is_refused(tmp_path: Path, ident: str) -> None:
    [found] = account_faults(tmp_path, f'oakfield,facebook,oak,"{ident}",by-hand,\n')
    assert "rounded" in found
    assert "Make the column text" in found


def test_every_bad_row_is_named_at_once_and_lines_count_through_quoted_breaks(tmp_path: Path) -> None:
    content = 'partner,name,agreed,motto\na,A,,"Two\nlines"\nb b,B,,\nc,,,\nA,Again,yes,\nd,D\n'
    with pytest.raises(BadInput) as caught:
        read_partners(sheet(tmp_path, content))
    assert faults(caught) == [(4, "partner"), (5, "name"), (6, "agreed"), (6, "partner"), (7, "the row")]
    assert "people.csv:6: partner: 'A' stands in line 2 too. Keep one of the two" in str(caught.value)


def test_a_formula_is_data(tmp_path: Path) -> None:
    [row] = read_partners(sheet(tmp_path, 'partner,name,motto\na,=1+1,"@SUM(A1)"\n'))
    assert (row.name, row.details["motto"]) == ("=1+1", "@SUM(A1)")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("partnr,name\na,A\n", "Rename 'partnr' to 'partner'"),
        ("partner,name,regoin\na,A,B\n", "probably meant to be 'region'"),
        ("partner,name,name\na,A,B\n", "stands there twice"),
        ("partner,name,1st\na,A,B\n", "cannot be the name of a detail"),
        ("partner,name,\na,A,B\n", "it has 3 values for 2 columns"),
        ("partner,,name\na,A,B\n", "cannot be the name of a detail"),
        ('partner,name\na,"A"x\n', "Close the quotes"),
        ('partner,name\na,"A\n', "Close the quotes"),
        (b"partner,name\na,\x81\xff\n", "neither as UTF-8 nor"),
        ("partner,name\na,A\n".encode("utf-16"), "CSV UTF-8"),
        (b"partner,name\na,A\0\n", "CSV UTF-8"),
        ("partner,name\na," + "A" * 201 + "\n", "Shorten it to 200"),
        ("partner,name,motto\na,A," + "A" * 5_001 + "\n", "Shorten it to 5000"),
        ("partner,name\na," + "A" * 200_000 + "\n", "cannot be read"),
        ("partner,name," + "a" * 200_000 + "\n", "cannot be read"),
        ("partner,name\n" + "a" * 65 + ",A\n", "Shorten it to 64"),
        ("partner,name\na@b,A\n", "cannot be used"),
        ("partner,name," + ",".join(f"c{number}" for number in range(200)) + "\n", "more than 200 columns"),
        (b"partner,name\n" + b"a,A\n" * 1_300_000, "more than 5 MB"),
    ],
)
def test_what_is_no_table_of_partners_is_refused(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert said in "\n".join(map(str, partner_faults(tmp_path, content)))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.csv.*cannot be read"):
        read_partners(tmp_path / "none.csv")


def test_accounts_come_with_opened_credentials_that_are_not_printed(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"access_token": "hush"}), encoding="utf-8")
    header = ACCOUNTS.strip() + ",sender,reply_to\n"
    rows = (
        "oakfield,X,@oakfield,123,,file:x.json,,\n"
        "ELMWOOD,linkedin,elm,urn:li:organization:5,api,env:ELM,,\n"
        "oakfield,facebook,Oakfield,,By hand,,,\n"
        "oakfield,email,news,families,,,Oakfield <news@oakfield.example>,office@oakfield.example\n"
    )
    environ = {"ELM": '{"access_token": "hush too"}'}
    accounts = read_accounts(sheet(tmp_path, header + rows), CHANNELS, PARTNERS, environ)
    assert accounts == [
        AccountRow("oakfield", "x", "oakfield", "123", "api", {"access_token": "hush"}),
        AccountRow("Elmwood", "linkedin", "elm", "urn:li:organization:5", "api", {"access_token": "hush too"}),
        AccountRow("oakfield", "facebook", "Oakfield", "", "by-hand"),
        AccountRow(
            "oakfield", "email", "news", "families", "api", None,
            "Oakfield <news@oakfield.example>", "office@oakfield.example",
        ),
    ]  # fmt: skip
    assert "hush" not in repr(accounts)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("oakfeild,x,h,1,api,env:OK", "partner: there is no partner 'oakfeild'. Did you mean 'oakfield'?"),
        ("oakfield,linkdin,h,1,api,env:OK", "channel: there is no channel 'linkdin'. Did you mean 'linkedin'?"),
        ("oakfield,x,,1,api,env:OK", "handle: it is empty"),
        ("oakfield,x,h,,api,env:OK", "external_id: it is empty"),
        ("oakfield,email,h,,by-hand,", "external_id: it is empty"),
        ("oakfield,x,h,1,robot,env:OK", "mode: 'robot' is no mode. Write api or by-hand"),
        ("oakfield,x,h,1,api,", "credentials: it is empty"),
        ("oakfield,x,h,1,api,env:NOPE", "credentials: The variable NOPE is not set"),
    ],
)
def test_each_fault_of_an_account_is_named_with_its_mend(tmp_path: Path, row: str, said: str) -> None:
    assert [f"people.csv:2: {said}" in words for words in account_faults(tmp_path, row + "\n")] == [True]


def test_a_token_with_a_sign_that_none_has_is_a_fault_that_does_not_show_it(tmp_path: Path) -> None:
    keys = {"access_token": "hush\u200b", "refresh_token": "hush\n", "note": "Café", "client_id": "café"}
    (tmp_path / "x.json").write_text(json.dumps(keys), encoding="utf-8")
    found = account_faults(tmp_path, "oakfield,linkedin,h,1,api,file:x.json\n")
    assert [re.findall(r"csv:2: credentials: its (\w+) holds the character (\S+),", line) for line in found] == [
        [("access_token", "U+200B")],
        [("client_id", "U+00E9")],
        [("refresh_token", "U+000A")],
    ]
    assert "hush" not in "".join(found)


def test_it_is_guessed_for_the_first_rows_alone_which_partner_was_meant(tmp_path: Path) -> None:
    rows = "".join(f"oakfeild{number},x,h{number},{number},by-hand,\n" for number in range(12))
    found = account_faults(tmp_path, rows)
    assert ["Did you mean 'oakfield'?" in line for line in found] == [True] * 10 + [False] * 2
    assert "there is no partner 'oakfeild11'. Write the key of a partner that there is" in found[-1]


def test_a_file_that_is_sent_says_by_its_columns_what_it_leaves_as_it_is() -> None:
    content = (
        ACCOUNTS.replace("mode,credentials", "mode") + "oakfield,x,h,1,\noakfield,x,i,2,api\noakfield,email,n,l,\n"
    )
    unsaid, said, mail = accounts_of("sent.csv", content.encode(), CHANNELS, PARTNERS)
    assert [(row.mode, "mode" in row.columns) for row in (unsaid, said, mail)] == [
        ("by-hand", False),
        ("api", True),
        ("api", False),
    ]


def test_credentials_in_a_file_that_is_sent_are_one_fault_and_are_not_opened() -> None:
    content = ACCOUNTS + "oakfield,x,h,1,by-hand,env:HOME\noakfield,x,i,2,by-hand,file:secret\n"
    with pytest.raises(BadInput) as caught:
        accounts_of("sent.csv", content.encode(), CHANNELS, PARTNERS)
    assert [str(found) for found in caught.value.findings] == [
        "sent.csv:2: credentials: they are not taken from here. Connect the account, or import it on the command line"
    ]


def test_a_secret_pasted_into_the_table_is_refused_and_not_shown(tmp_path: Path) -> None:
    [words] = account_faults(tmp_path, "oakfield,x,h,1,api,AAAAhush\n")
    assert "env:NAME or file:PATH" in words
    assert "hush" not in words


def test_accounts_take_no_stray_columns_and_no_account_twice(tmp_path: Path) -> None:
    [words] = account_faults(tmp_path, "", ACCOUNTS.replace("handle", "handle,external"))
    assert words == "people.csv:1: external: there is no such column. Did you mean 'external_id'?"
    [words] = account_faults(tmp_path, "oakfield,x,h,1,api,env:OK\nOAKFIELD,X,h,1,api,env:OK\n")
    assert "stands in line 2 too" in words


def test_sender_and_reply_belong_to_mail_and_must_be_addresses(tmp_path: Path) -> None:
    header = ACCOUNTS.strip() + ",sender,reply_to\n"
    found = account_faults(tmp_path, "oakfield,email,h,l,,,News,nobody\noakfield,x,h,1,api,env:OK,a@b.uk,\n", header)
    assert [words.split(": ")[1] for words in found] == ["sender", "reply_to", "sender"]


def test_a_mailbox_beyond_ascii_neither_sends_nor_takes_replies(tmp_path: Path) -> None:
    header = ACCOUNTS.strip() + ",sender,reply_to\n"
    found = account_faults(tmp_path, "oakfield,email,h,l,,,News <zoë@oak.example>,zoë@oak.example\n", header)
    assert [words.split(": ")[1] for words in found] == ["sender", "reply_to"]
    assert all("not ASCII" in words for words in found)
    path = sheet(tmp_path, f"{header}oakfield,email,h,l,,,News <news@schöne.example>,info@schöne.example\n")
    assert read_accounts(path, {"email"}, {"oakfield"}, {})


def test_a_sender_may_hold_signs_that_mean_something_in_a_header(tmp_path: Path) -> None:
    header = ACCOUNTS.strip() + ",sender,reply_to\n"
    for name in ("Oak (Primary) School", "Oak: news", "Oak; Elm [Hub]"):
        path = sheet(tmp_path, f"{header}oakfield,email,h,l,,,{name} <news@oak.example>,\n")
        (row,) = read_accounts(path, {"email"}, {"oakfield"}, {})
        assert row.sender == f"{name} <news@oak.example>"


def test_subscribers_come_with_their_consent(tmp_path: Path) -> None:
    rows = (
        "Ann@EXAMPLE.org,Ann,web form,2025-11-20T14:05:00+01:00\n"
        "bob@example.org,,paper,2025-11-20\n"
        "cy@example.org,Cy,paper,20/11/2025 09:30\n"
    )
    assert read_subscribers(sheet(tmp_path, SUBSCRIBERS + rows), NOW, LONDON) == [
        SubscriberRow("Ann@example.org", "Ann", "web form", datetime(2025, 11, 20, 13, 5, tzinfo=UTC)),
        SubscriberRow("bob@example.org", "", "paper", datetime(2025, 11, 20, tzinfo=UTC)),
        SubscriberRow("cy@example.org", "Cy", "paper", datetime(2025, 11, 20, 9, 30, tzinfo=UTC)),
    ]


def test_two_spellings_of_one_domain_are_one_address(tmp_path: Path) -> None:
    rows = "Ann@BÜCHER.example,A,web,2025-11-20\nann@xn--bcher-kva.example,B,web,2025-11-20\n"
    with pytest.raises(BadInput, match=r"3: email"):
        read_subscribers(sheet(tmp_path, SUBSCRIBERS + rows), NOW, LONDON)
    others = "kim@straße.example,A,web,2025-11-20\nkim@strasse.example,B,web,2025-11-20\n"
    assert len(read_subscribers(sheet(tmp_path, SUBSCRIBERS + others), NOW, LONDON)) == 2


def test_further_columns_of_subscribers_become_details(tmp_path: Path) -> None:
    content = SUBSCRIBERS.strip() + ",borough\na@example.org,A,web,2025-11-20,Camden\n"
    assert read_subscribers(sheet(tmp_path, content), NOW, LONDON)[0].details == {"borough": "Camden"}


@pytest.mark.parametrize(
    "address",
    ["ann", "ann@example", "a b@example.org", "ann@@example.org", "Ann <a@example.org>", "a@example.org,b@example.org",
     "a@-example.org", "a@example..org", "a@example.org\nBcc: b@example.org", "@example.org",
     "a" * 250 + "@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_subscribers(sheet(tmp_path, f'{SUBSCRIBERS}"{address}",A,web,2025-11-20\n'), NOW, LONDON)
    assert set(faults(caught)) == {(2, "email")}


@pytest.mark.parametrize("address", ["o'neil+send@mail.example.co.uk", "zoë@example.org", "a@bücher.example", "A@B.UK"])
def test_unusual_addresses_are_taken(tmp_path: Path, address: str) -> None:
    [row] = read_subscribers(sheet(tmp_path, f"{SUBSCRIBERS}{address},A,web,2025-11-20\n"), NOW, LONDON)
    assert row.email.casefold() == address.casefold()


def test_an_address_twice_and_a_missing_consent_are_all_named(tmp_path: Path) -> None:
    rows = "a@example.org,A,web,2025-11-20\nA@Example.org,A,web,2025-11-20\nb@example.org,B,,32/11/2025\n"
    with pytest.raises(BadInput) as caught:
        read_subscribers(sheet(tmp_path, SUBSCRIBERS + rows), NOW, LONDON)
    assert sorted(faults(caught)) == [(3, "email"), (4, "consent_at"), (4, "consent_source")]


def test_consent_that_is_still_to_come_is_refused(tmp_path: Path) -> None:
    rows = "a@example.org,A,web,2026-01-01T00:00:01Z\nb@example.org,B,web,2026-01-01\n"
    with pytest.raises(BadInput) as caught:
        read_subscribers(sheet(tmp_path, SUBSCRIBERS + rows), NOW, LONDON)
    assert faults(caught) == [(2, "consent_at")]


def test_consent_without_a_zone_was_given_by_the_clock_on_the_wall(tmp_path: Path) -> None:
    now = datetime(2026, 7, 1, 13, 10, tzinfo=UTC)
    rows = "a@example.org,A,web,01/07/2026 14:05\nb@example.org,B,web,2026-07-01\n"
    found = read_subscribers(sheet(tmp_path, SUBSCRIBERS + rows), now, LONDON)
    assert [row.consent_at.isoformat() for row in found] == ["2026-07-01T13:05:00+00:00", "2026-06-30T23:00:00+00:00"]
    with pytest.raises(BadInput):
        read_subscribers(sheet(tmp_path, SUBSCRIBERS + "a@example.org,A,web,2026-W27-3\n"), now, LONDON)


def test_what_is_typed_in_brings_no_reference_to_this_machine() -> None:
    typed = {"partner": "oak", "channel": "x", "handle": "@oak", "credentials": "env:HOME"}
    with pytest.raises(BadInput, match="credentials: they are not taken from here"):
        account_of(typed, {"x"}, ["oak"])
    assert account_of(typed | {"credentials": "", "mode": "by-hand"}, {"x"}, ["Oak"]).credentials is None
