"""What imports store: all rows or none, sealed secrets, recorded consent; and what an import never does."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from terminal import ACCOUNTS, CONFIG, HELLO, PARTNERS, Terminal, opened_terminal, slot

from campaign.models import Database, audiences, mailing, partners
from campaign.vault import create_key

SECRET = {"consumer_key": "a", "consumer_secret": "b", "access_token": "1000-t", "access_token_secret": "c"}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return opened_terminal(tmp_path)


def import_accounts(terminal: Terminal, token: str) -> str:
    terminal.write("oak.json", json.dumps(SECRET | {"access_token_secret": token}))
    rows = "partner,channel,handle,external_id,mode,credentials\noak,x,@oak,1000,api,file:oak.json\n"
    return terminal.run("accounts", "import", str(terminal.write("api.csv", rows)))


def stop(terminal: Terminal, why: str) -> None:
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        (account,) = [one for one, _ in partners.accounts(session) if one.external_id == "1000"]
        partners.change_account(session, account.ident, {"stopped_why": why})
    database.close()


def sealed(terminal: Terminal) -> bytes | None:
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.read() as session:
        (found,) = [one.sealed for one, _ in partners.accounts(session) if one.external_id == "1000"]
    database.close()
    return found


def renew(terminal: Terminal, value: bytes) -> None:
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        (ident,) = [one.ident for one, _ in partners.accounts(session) if one.external_id == "1000"]
        partners.change_account(session, ident, {"sealed": value})
    database.close()


def account(terminal: Terminal) -> dict[str, object]:
    found: dict[str, object] = next(one for one in terminal.json("accounts", "list") if one["external_id"] == "1000")
    return found


def test_the_same_file_twice_changes_nothing(terminal: Terminal) -> None:
    said = terminal.run("partners", "import", str(terminal.folder / "partners.csv"))
    assert said.strip() == "0 partners added, 0 changed, 2 as before."
    shouted = terminal.write("shouted.csv", (terminal.folder / "partners.csv").read_text().replace("\noak,", "\nOAK,"))
    assert shouted.read_text() != (terminal.folder / "partners.csv").read_text()
    said = terminal.run("partners", "import", str(shouted))
    assert said.strip() == "0 partners added, 0 changed, 2 as before.", "the case of a key makes no second partner"
    said = terminal.run("accounts", "import", str(terminal.folder / "accounts.csv"))
    assert said.strip() == "0 accounts added, 0 changed, 3 as before."


def test_an_import_says_whose_yes_it_recorded(terminal: Terminal) -> None:
    dated = 'partner,name,agreed\nash,Ash School,\nfir,Fir School,"2025-11-20, Jo Smith"\n'
    said = terminal.run("partners", "import", str(terminal.write("more.csv", dated)))
    assert "2 partners added" in said
    assert "operator records the agreement of 1 partner; see `campaign agree`" in said
    assert "records" not in terminal.run("partners", "import", str(terminal.folder / "more.csv"))


def test_a_changed_row_is_changed_and_details_follow_the_file(terminal: Terminal) -> None:
    terminal.write("partners.csv", PARTNERS.replace("Oak School,school,London", "Oak Academy,academy,Leeds"))
    said = terminal.run("partners", "import", str(terminal.folder / "partners.csv"))
    assert said.strip() == "0 partners added, 1 changed, 1 as before."
    oak = terminal.json("partners", "list")[1]
    assert (oak["name"], oak["region"], oak["details"]) == ("Oak Academy", "Leeds", {"line": "Come on Friday"})


def test_secrets_are_stored_sealed_and_never_shown(terminal: Terminal) -> None:
    import_accounts(terminal, "very-secret-token")
    assert account(terminal)["credentials"] is True
    everything = b"".join(path.read_bytes() for path in terminal.folder.glob("campaign.db*"))
    assert b"very-secret-token" not in everything
    assert "very-secret-token" not in terminal.run("audit", "--json") + terminal.run("accounts", "list", "--json")


def test_new_credentials_let_a_stopped_account_go_on_and_the_same_ones_do_not(terminal: Terminal) -> None:
    import_accounts(terminal, "first")
    stop(terminal, "its token has ended")
    import_accounts(terminal, "first")
    assert account(terminal)["stopped"] == "its token has ended"
    assert "0 accounts added, 1 changed" in import_accounts(terminal, "second")
    assert account(terminal)["stopped"] is None


def test_the_same_file_does_not_undo_a_token_renewed_since(terminal: Terminal) -> None:
    import_accounts(terminal, "first")
    before = sealed(terminal)
    renew(terminal, b"sealed anew")
    assert "1 as before" in import_accounts(terminal, "first")
    assert sealed(terminal) == b"sealed anew"
    assert "1 changed" in import_accounts(terminal, "second")
    assert sealed(terminal) not in {b"sealed anew", before}


def test_with_a_new_key_an_import_brings_the_credentials_back(terminal: Terminal) -> None:
    import_accounts(terminal, "first")
    before = sealed(terminal)
    (terminal.folder / "campaign.key").unlink()
    create_key(terminal.folder / "campaign.key")
    assert "1 changed" in import_accounts(terminal, "first")
    assert sealed(terminal) != before


def test_an_import_records_the_agreement_and_who_brought_it(terminal: Terminal) -> None:
    rows = terminal.json("audit")
    given = [row for row in rows if row["action"] == "agree by import"]
    assert {row["subject"] for row in given} == {"partner:oak", "partner:elm"}
    assert {row["who"] for row in given} == {"operator"}


def test_where_agreement_is_required_only_a_dated_yes_of_the_partner_counts(tmp_path: Path) -> None:
    terminal = opened_terminal(tmp_path, CONFIG + '\n[review]\nagree = "required"\n')
    assert [row["agreed"] for row in terminal.json("partners", "list")] == [False, False]
    rows = 'partner,name,agreed\noak,Oak School,"2025-11-20, Jo Smith"\nelm,Elm School,\n'
    terminal.run("partners", "import", str(terminal.write("agreed.csv", rows)))
    assert {row["partner"]: row["agreed"] for row in terminal.json("partners", "list")} == {"oak": True, "elm": False}


def test_a_yes_taken_back_is_not_given_again_by_the_same_file(terminal: Terminal) -> None:
    terminal.run("queue")
    terminal.run("revoke", "--partner", "oak", "--as", "olga")
    terminal.run("partners", "import", str(terminal.folder / "partners.csv"))
    assert {row["partner"]: row["agreed"] for row in terminal.json("partners", "list")} == {"oak": False, "elm": True}
    terminal.run("agree", "--partner", "oak", "--as", "olga")
    assert {row["agreed"] for row in terminal.json("partners", "list")} == {True}


def test_a_dated_yes_younger_than_the_revocation_counts(terminal: Terminal) -> None:
    terminal.run("revoke", "--partner", "oak", "--as", "olga")
    rows = 'partner,name,agreed\noak,Oak School,"{}, Jo Smith"\n'
    ahead = terminal.write("ahead.csv", rows.format("2099-01-01"))
    assert "The yes of oak is still to come" in terminal.run("partners", "import", str(ahead), code=2)
    now = terminal.write("agreed.csv", rows.format(datetime.now(UTC).isoformat()))
    terminal.run("partners", "import", str(now))
    assert {row["agreed"] for row in terminal.json("partners", "list")} == {True}


def test_only_an_admin_imports(terminal: Terminal) -> None:
    said = terminal.run("partners", "import", str(terminal.folder / "partners.csv"), "--as", "olga", code=2)
    assert "no such right" in said


def test_an_officer_changes_details_of_its_own_partner_alone(terminal: Terminal) -> None:
    terminal.run("partners", "set", "oak", "line=Come on Saturday", "--as", "olga")
    assert "acts for oak only" in terminal.run("partners", "set", "elm", "line=Mine", "--as", "olga", code=2)
    assert "no such right" in terminal.run("partners", "set", "oak", "approver=partner", "--as", "olga", code=2)
    assert "not known" in terminal.run("partners", "set", "oak", "approver=nobody", code=2)


@pytest.mark.parametrize(
    ("value", "mend"),
    [
        ("agreed=no", "`campaign revoke --partner oak`"),
        ("partner=elm", "The key oak stays as it is"),
        ("key=elm", "The key oak stays as it is"),
    ],
)
def test_what_is_no_detail_is_refused_with_the_way_to_change_it(terminal: Terminal, value: str, mend: str) -> None:
    said = terminal.run("partners", "set", "oak", value, code=2)
    assert f"{value.partition('=')[0]!r} is no detail" in said
    assert mend in said


def test_a_detail_that_nothing_uses_is_taken_with_a_warning(terminal: Terminal) -> None:
    out, err = terminal.both("partners", "set", "oak", "lien=hello", "zzz=1", "line=So", "contact_email=a@example.org")
    assert err.splitlines() == ["No template and no slot uses 'lien' (did you mean 'line'?), 'zzz'."]
    assert "oak is changed" in out
    assert terminal.both("partners", "set", "oak", "lien=", "region=Leeds")[1] == ""
    file = str(terminal.write("more.csv", "partner,name,liens,line\noak,Oak School,x,y\nelm,Elm School,x,y\n"))
    assert (
        terminal.both("partners", "import", file)[1] == "No template and no slot uses 'liens' (did you mean 'line'?).\n"
    )
    terminal.timetable(slot("launch", more='[slot.partners]\nliens = ["x"]'))
    terminal.write("templates/own/hello.md", HELLO.replace("joins in.", "joins in. {{ partner.zzz }}"))
    assert terminal.both("partners", "set", "oak", "liens=x", "zzz=y")[1] == ""


def test_only_an_admin_changes_what_the_campaign_team_keeps(terminal: Terminal) -> None:
    for value in ("region=Leeds", "region=", "kind=college"):
        said = terminal.run("partners", "set", "oak", value, "--as", "olga", code=2)
        assert "the campaign team keeps it, ask an admin" in said
    terminal.run("partners", "set", "oak", "region=Leeds")
    assert terminal.json("partners", "list")[1]["region"] == "Leeds"
    terminal.run("partners", "set", "oak", "region=")
    assert terminal.json("partners", "list")[1]["region"] == ""


def test_a_changed_detail_reaches_the_queued_posts_at_the_next_queue(terminal: Terminal) -> None:
    terminal.timetable(slot("launch"))
    terminal.run("queue")
    terminal.run("partners", "set", "oak", "line=Come on Saturday")
    assert "1 change" in terminal.run("queue")


def test_subscribers_keep_their_consent_and_who_left_is_not_brought_back(terminal: Terminal) -> None:
    rows = "a@example.org,Ann,form,2025-01-01T10:00:00Z\nb@example.org,Bo,form,2025-01-02\n"
    file = str(terminal.write("readers.csv", f"email,name,consent_source,consent_at\n{rows}"))
    assert "2 subscribers added" in terminal.run("lists", "import", "parents", file)
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        found = mailing.list_by_key(session, "parents")
        assert found is not None
        reader = mailing.subscribers(session, found.ident)[0]
        mailing.unsubscribe(session, reader.token, reader.consent_at)
    database.close()
    assert "0 subscribers added, 0 changed" in terminal.run("lists", "import", "parents", file)
    lines = terminal.run("lists", "export", "parents").splitlines()
    assert lines[0] == "email,name,consent_source,consent_at,unsubscribed_at"
    assert lines[1].startswith('"a@example.org","Ann","form","2025-01-01T10:00:00Z","2025-01-01')
    assert lines[2] == '"b@example.org","Bo","form","2025-01-02T00:00:00Z",'
    assert terminal.json("lists", "list") == [{"list": "parents", "subscribers": 1}]
    assert [row["subject"] for row in terminal.json("audit") if row["action"] == "export list"] == ["list:parents"]


@pytest.mark.parametrize("spelt", ["ann@example.org", "ANN@EXAMPLE.ORG", "Ann@example.org"])
def test_however_an_address_is_spelt_who_left_stays_away_and_nobody_stands_there_twice(
    terminal: Terminal, spelt: str
) -> None:
    head = "email,name,consent_source,consent_at\n"
    first = f"{head}Ann@Example.org,Ann,form,2025-01-01\nBo@example.org,Bo,form,2025-01-01\n"
    terminal.run("lists", "import", "parents", str(terminal.write("first.csv", first)))
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        found = mailing.list_by_key(session, "parents")
        assert found is not None
        reader = mailing.subscribers(session, found.ident)[0]
        mailing.unsubscribe(session, reader.token, reader.consent_at)
    database.close()
    again = f"{head}{spelt},Ann,form,2025-01-01\nbo@Example.org,Bob,form,2025-01-01\n"
    said = terminal.run("lists", "import", "parents", str(terminal.write("again.csv", again)))
    assert said.startswith("0 subscribers added, 1 changed, 0 as before, 1 unsubscribed before and staying away.")
    assert terminal.json("lists", "list") == [{"list": "parents", "subscribers": 1}]


@pytest.mark.parametrize("name", ["", "  ", "a\nb"])
def test_a_list_has_a_name_of_one_line(terminal: Terminal, name: str) -> None:
    file = str(terminal.write("readers.csv", "email,consent_source,consent_at\na@example.org,form,2025-01-01\n"))
    assert "list's name" in terminal.run("lists", "import", name, file, code=2)
    assert terminal.json("lists", "list") == []


def test_accounts_of_partners_that_nobody_knows_are_refused_whole(terminal: Terminal) -> None:
    before = terminal.json("accounts", "list")
    file = terminal.write("more.csv", ACCOUNTS + "ash,x,@ash,3000,by-hand,\noak,fax,1,1,by-hand,\n")
    said = terminal.run("accounts", "import", str(file), code=2)
    assert "more.csv:5" in said
    assert "more.csv:6" in said
    assert terminal.json("accounts", "list") == before


def test_a_file_says_nothing_of_columns_that_it_has_not(terminal: Terminal) -> None:
    terminal.run("partners", "set", "oak", "contact=Mrs Okoro", "line=Set by hand", "kind=college")
    said = terminal.run("partners", "import", str(terminal.write("few.csv", "partner,name\noak,Oak School\n")))
    assert said.strip() == "0 partners added, 0 changed, 1 as before."
    oak = terminal.json("partners", "list")[1]
    assert (oak["kind"], oak["details"]) == ("college", {"contact": "Mrs Okoro", "line": "Set by hand"})
    terminal.run(
        "partners", "import", str(terminal.write("few.csv", "partner,name,line,contact\noak,Oak,From file,\n"))
    )
    assert terminal.json("partners", "list")[1]["details"] == {"line": "From file"}


def test_an_account_keeps_its_sender_and_its_mode_when_the_file_has_no_such_column(terminal: Terminal) -> None:
    head, row = "partner,channel,handle,external_id", "oak,email,news,oak-list"
    terminal.run("accounts", "import", str(terminal.write("a.csv", f"{head},reply_to\n{row},a@oak.example.org\n")))
    terminal.run("queue")
    said = terminal.run("accounts", "import", str(terminal.write("b.csv", f"{head}\n{row}\n")))
    assert said.strip() == "0 accounts added, 0 changed, 1 as before."


def test_an_account_that_gets_its_id_is_no_second_one(terminal: Terminal) -> None:
    """Else a page that a person has published to by hand would get every post twice."""
    head = "partner,channel,handle,external_id,mode,credentials\n"
    terminal.run("accounts", "import", str(terminal.write("a.csv", f"{head}elm,facebook,Elm Page,,by-hand,\n")))
    terminal.run("queue")
    (post,) = terminal.posts("--partner", "elm", "--channel", "facebook")
    terminal.approve(post["id"])
    terminal.write("elm.json", json.dumps({"access_token": "t"}))
    later = terminal.write("b.csv", f"{head}elm,facebook,elm page,77,api,file:elm.json\n")
    assert "0 accounts added, 1 changed" in terminal.run("accounts", "import", str(later))
    assert [one["status"] for one in terminal.posts("--partner", "elm", "--channel", "facebook")] == ["in_review"]
    assert "0 add" in terminal.run("queue")
    assert len(terminal.posts("--partner", "elm", "--channel", "facebook")) == 1


def test_an_address_that_a_server_refused_is_mailed_again_and_who_left_stays_away(terminal: Terminal) -> None:
    rows = "email,consent_source,consent_at\nann@example.org,form,2025-01-01\nbob@example.org,form,2025-01-01\n"
    terminal.run("lists", "import", "parents", str(terminal.write("parents.csv", rows)))
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    at = datetime(2025, 2, 1, tzinfo=UTC)
    with database.write() as session:
        ann, bob = mailing.subscribers(session, 1)
        mailing.unsubscribe(session, bob.token, at)
        for one in (ann, bob):
            mailing.suppress(session, one.email, mailing.BOUNCED, at)
    assert "no such right" in terminal.run("lists", "allow", "ann@example.org", "--reason", "r", "--as", "olga", code=2)
    assert "empty" in terminal.run("lists", "allow", "ann@example.org", "--reason", " ", code=2)
    assert "no suppressed address" in terminal.run("lists", "allow", "eve@example.org", "--reason", "r", code=2)
    for address in ("Ann@example.org", "bob@example.org"):
        terminal.run("lists", "allow", address, "--reason", "the server was mended")
    with database.read() as session:
        assert audiences.suppressed(session) == []
        assert [row.unsubscribed_at for row in mailing.subscribers(session, 1)] == [None, at]
    database.close()
