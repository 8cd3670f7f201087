"""The mail catcher: keeps what it takes, refuses and breaks as planned, and shows it safely."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
import requests

from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def connect(box: Sandbox) -> smtplib.SMTP:
    host, _, port = box.smtp_url.removeprefix("smtp://").rpartition(":")
    return smtplib.SMTP(host, int(port), local_hostname="test", timeout=5)


def issue(to: str = "kit@example.org", subject: str = "Your views on SEND: £5, naïve €") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Oak School <news@oak.example>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = "<1.abc@oak.example>"
    message["List-Unsubscribe"] = "<https://oak.example/u/1>"
    message.set_content("Dear Zoë,\n.\nA line that is a dot stood above.\n")
    message.add_alternative('<p>Dear <b>Zoë</b></p><script>alert(1)</script><img src="https://evil.example/x">', "html")
    return message


def test_a_message_is_kept_byte_for_byte_with_its_envelope(box: Sandbox) -> None:
    with connect(box) as smtp:
        smtp.send_message(issue(), "bounce+7@oak.example", ["kit@example.org", "li@example.org"])
    (mail,) = box.world.mails()
    assert (mail.sender, mail.recipients) == ("bounce+7@oak.example", ("kit@example.org", "li@example.org"))
    assert mail.parsed["Subject"] == "Your views on SEND: £5, naïve €"
    assert "\n.\nA line that is a dot" in mail.words("plain").replace("\r\n", "\n")


def test_anyone_may_sign_in_and_need_not(box: Sandbox) -> None:
    with connect(box) as smtp:
        smtp.login("somebody", "anything")
        smtp.send_message(issue())
    with connect(box) as smtp:
        smtp.send_message(issue())
    assert box.world.mail_count() == 2


@pytest.mark.parametrize(("kind", "code"), [("tempfail", 451), ("permfail", 550)])
def test_a_recipient_is_refused_as_planned_and_the_others_get_theirs(box: Sandbox, kind: str, code: int) -> None:
    box.world.faults.replace([Fault(kind, "email", "rcpt", nth=(2,))])
    with connect(box) as smtp:
        refused = smtp.send_message(issue(), to_addrs=["a@example.org", "b@example.org", "c@example.org"])
    assert {address: answer[0] for address, answer in refused.items()} == {"b@example.org": code}
    assert box.world.mails()[0].recipients == ("a@example.org", "c@example.org")


@pytest.mark.parametrize(("kind", "code"), [("tempfail", 451), ("permfail", 554)])
def test_a_message_is_refused_after_the_dot_as_planned(box: Sandbox, kind: str, code: int) -> None:
    box.world.faults.replace([Fault(kind, "email", "data", times=1)])
    with connect(box) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            smtp.send_message(issue())
        assert refusal.value.smtp_code == code
        assert box.world.mail_count() == 0
        smtp.send_message(issue())
    assert box.world.mail_count() == 1


def test_a_cut_after_the_dot_keeps_the_message_and_the_sender_cannot_know(box: Sandbox) -> None:
    box.world.faults.replace([Fault("drop-after-dot", "email", "data")])
    smtp = connect(box)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        smtp.send_message(issue())
    smtp.close()
    assert box.world.mail_count() == 1
    assert requests.get(f"{box.base_url}/faults", timeout=5).json()["applied"] == {"email.data.drop-after-dot": 1}


def test_a_cut_before_the_store_keeps_nothing(box: Sandbox) -> None:
    box.world.faults.replace([Fault("drop-before-store", "email", "data")])
    smtp = connect(box)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        smtp.send_message(issue())
    smtp.close()
    assert box.world.mail_count() == 0


def test_the_mailbox_lists_and_shows_a_mail_whose_html_can_do_nothing(box: Sandbox) -> None:
    with connect(box) as smtp:
        smtp.send_message(issue(subject="Views <wanted>"))
    listing = requests.get(f"{box.base_url}/mailbox", timeout=5).text
    assert "Views &lt;wanted&gt;" in listing
    assert '<a href="/mailbox/1">' in listing
    page = requests.get(f"{box.base_url}/mailbox/1", timeout=5)
    assert "<script>" not in page.text
    assert "<iframe sandbox title=" in page.text
    assert "default-src &#39;none&#39;" in page.text
    assert "&lt;b&gt;Zoë&lt;/b&gt;" in page.text
    assert "https://oak.example/u/1" in page.text


def test_mails_stand_in_the_ledger(box: Sandbox) -> None:
    with connect(box) as smtp:
        smtp.send_message(issue())
    (line,) = requests.get(f"{box.base_url}/ledger", timeout=5).json()
    assert (line["channel"], line["account"], line["to"]) == ("email", "news@oak.example", ["kit@example.org"])
    assert line["message_id"] == "<1.abc@oak.example>"
    assert "Dear Zoë" in line["text"]
