"""The channel email: its settings, the form it gives an issue, and the relay that an account's mail goes through."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from pydantic import ValidationError

from campaign.channels import load_channels
from campaign.channels.email import CHANNEL, EmailChannel
from campaign.config import Origin, validated
from campaign.errors import BadSetting, CredentialDead, NeverSent, Refused
from campaign.ports import Bulk, ByHand, Channel, Draft, Envelope, Finds, Identity, Measures, Pastes, Verifies

WHO = Identity(account_id=1, partner="p", name="Partner", channel="email", handle="news", external_id="parents")


def channel(**settings: object) -> EmailChannel:
    return EmailChannel(EmailChannel.settings_type.model_validate(settings))


def test_it_is_one_of_the_channels_with_the_powers_that_mail_has() -> None:
    assert load_channels()["email"].__name__ == CHANNEL.__name__
    made = channel()
    assert isinstance(made, Channel)
    assert isinstance(made, ByHand)
    assert isinstance(made, Pastes)
    assert isinstance(made, Verifies)
    assert not isinstance(made, Finds | Measures | Bulk)


def test_the_longest_send_holds_every_wait_for_the_server() -> None:
    waits = [timedelta(seconds=3), timedelta(minutes=2), timedelta(minutes=30)]
    assert channel(connect=waits[0], reply=waits[1], final=waits[2]).longest > sum(waits, timedelta())


def test_compose_gives_both_parts_and_passes_the_audience_on() -> None:
    draft = Draft(
        "Dear ⟦name|reader⟧, *join in*.",
        subject=" Join\n in ",
        preheader="A national  conversation",
        audience="parents",
    )
    message = channel().compose(draft, "token123")
    assert (message.channel, message.subject, message.preheader) == ("email", "Join in", "A national conversation")
    assert message.audience == "parents"
    assert message.text.startswith("Join in\n\nDear ⟦name|reader⟧, join in.")
    assert "Dear ⟦name|reader⟧, <em>join in</em>." in (message.html or "")
    assert "token123" not in message.text + (message.html or "")
    assert (message.link, message.media) == (None, ())


def test_compose_is_pure() -> None:
    draft = Draft("Words", subject="S", audience="parents")
    assert channel().compose(draft, "a") == channel(smtp_url="smtp://elsewhere").compose(draft, "b")


def test_publish_in_one_call_is_refused() -> None:
    class Open:
        def check(self) -> None: ...
        def keep(self, media_ids: object) -> None: ...

    message = channel().compose(Draft("Words", subject="S"), "t")
    with pytest.raises(Refused, match="copy by copy"):
        channel().publish(WHO, message, Open())


def test_a_person_pastes_the_words_without_marks_and_foot() -> None:
    envelope = Envelope("News <news@oak.example.org>", "Oak", "https://campaign.example.org")
    draft = Draft("Dear ⟦name|reader⟧", subject="For ⟦name|you⟧", preheader="Read ⟦name|it⟧", envelope=envelope)
    pasted = channel().to_paste(channel().compose(draft, "t"))
    assert (pasted.subject, pasted.preheader, pasted.envelope) == ("For you", "Read it", None)
    for part in (pasted.text, pasted.html or ""):
        assert "Dear reader" in part
        assert "⟦" not in part
        assert "nsubscribe" not in part


def test_article_opens_as_a_new_mail() -> None:
    message = channel().compose(Draft("Words & more", subject="Join & in"), "t")
    url = channel().compose_url(WHO, message)
    assert url == "mailto:?subject=Join%20%26%20in&body=Join%20%26%20in%0D%0A%0D%0AWords%20%26%20more%0D%0A"


@pytest.mark.parametrize(
    ("url", "host", "port", "security", "user"),
    [
        ("smtp://localhost", "localhost", 25, "plain", None),
        ("smtp://localhost:1025", "localhost", 1025, "plain", None),
        ("smtps://u%40x@mail.example", "mail.example", 465, "tls", "u@x"),
        ("smtp+starttls://user@mail.example", "mail.example", 587, "starttls", "user"),
        ("smtp+starttls://user@mail.example:2525/", "mail.example", 2525, "starttls", "user"),
    ],
)
def test_mail_server_is_read_from_its_address(url: str, host: str, port: int, security: str, user: str | None) -> None:
    relay = channel(smtp_url=url)._settings.relay()
    assert (relay.host, relay.port, relay.security, relay.username) == (host, port, security, user)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"smtp_url": "http://localhost"}, "no mail server's address"),
        ({"smtp_url": "smtp://"}, "no mail server's address"),
        ({"smtp_url": "smtp://host:99999"}, "no mail server's address"),
        ({"smtp_url": "smtp://host/path"}, "no mail server's address"),
        ({"smtp_url": "smtps://user:secret@host"}, "CAMPAIGN__CHANNELS__EMAIL__PASSWORD"),
        ({"smtp_url": "notify"}, "not served yet"),
        ({"sender": "nobody"}, "no mail address"),
        ({"sender": "News <zoë@example.org>"}, "not ASCII"),
        ({"sender": "A\r\nBcc: b@c.example <a@b.example>"}, "control character"),
        ({"password": "secret"}, "no user name"),
        ({"retries": []}, "retries"),
        ({"smtp_ulr": "smtp://host"}, "smtp_url"),
    ],
)
def test_wrong_setting_is_one_clear_line_without_a_secret(settings: dict[str, object], words: str) -> None:
    with pytest.raises(BadSetting, match=words) as caught:
        validated(EmailChannel.settings_type, settings, Origin("config.toml"), within=("channels", "email"))
    assert "secret" not in str(caught.value)


def test_password_is_shown_nowhere() -> None:
    settings = EmailChannel.settings_type.model_validate({"username": "user", "password": "s3cret"})
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in repr(settings.relay())
    assert settings.relay().password == "s3cret"


def test_account_with_a_mail_server_of_its_own_uses_that() -> None:
    made = channel(smtp_url="smtp://shared@shared.example", password="shared")
    own = {"smtp_url": "smtps://own@mail.own.example", "password": "owned"}
    relay = made._relay(own)
    assert (relay.host, relay.username, relay.password) == ("mail.own.example", "own", "owned")
    bare = made._relay({"smtp_url": "smtps://mail.own.example"})
    assert (bare.username, bare.password) == (None, None)
    with pytest.raises(CredentialDead, match="smtp_url"):
        made._relay({"smtp_url": "gopher://x"})


def test_settings_are_frozen() -> None:
    settings = EmailChannel.settings_type()
    with pytest.raises(ValidationError):
        settings.sender = "other@example.org"


def test_policy_joins_the_patience_of_the_channel_with_the_pace_of_the_newsletter() -> None:
    policy = channel(retries=["1s"], relay_pause="2s").policy(connections=3, batch=7, resend_unknown=True)
    assert (policy.connections, policy.batch, policy.resend_unknown) == (3, 7, True)
    assert [pause.total_seconds() for pause in (*policy.retries, policy.relay_pause)] == [1, 2]


def test_server_that_is_not_there_means_never_sent() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "b@example.org"
    mail.set_content("Words\n")
    # Port 9 takes no connections on this machine's own address.
    with pytest.raises(NeverSent, match=r"127\.0\.0\.1:9 cannot be reached"):
        channel(smtp_url="smtp://127.0.0.1:9").send(mail)
