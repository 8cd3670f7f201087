"""What a mail server's reply means."""

import pytest

from campaign.newsletter.replies import Meaning, Reply, Stage, meaning


@pytest.mark.parametrize(
    ("stage", "code", "text", "expected"),
    [
        (Stage.DOT, 250, "2.0.0 Ok: queued as 12345", Meaning.SENT),
        (Stage.RCPT, 550, "5.1.1 No such user", Meaning.NOBODY),
        (Stage.DOT, 550, "5.1.1 No such user", Meaning.NOBODY),
        (Stage.RCPT, 550, "5.1.10 Recipient has a null MX", Meaning.NOBODY),
        (Stage.RCPT, 550, "no such user here", Meaning.BOUNCED),
        (Stage.RCPT, 552, "5.2.2 Mailbox full", Meaning.BOUNCED),
        (Stage.RCPT, 452, "4.2.2 Mailbox full", Meaning.DEFERRED),
        (Stage.RCPT, 450, "4.7.1 Greylisted", Meaning.DEFERRED),
        (Stage.MAIL, 451, "4.3.0 Not now", Meaning.DEFERRED),
        (Stage.DATA, 451, "4.3.0 Not now", Meaning.DEFERRED),
        (Stage.DOT, 451, "4.3.0 Not now", Meaning.DEFERRED),
        (Stage.RCPT, 421, "4.3.2 Closing", Meaning.RELAY),
        (Stage.DOT, 421, "4.7.0 Too much", Meaning.RELAY),
        (Stage.DOT, 550, "5.7.515 Access denied, sending domain fails the authentication level", Meaning.POLICY),
        (Stage.RCPT, 550, "5.7.1 Relaying denied", Meaning.BARRED),
        (Stage.MAIL, 550, "5.7.1 Not from you", Meaning.POLICY),
        (Stage.DATA, 550, "5.7.1 Not from you", Meaning.POLICY),
        (Stage.MAIL, 550, "not you", Meaning.POLICY),
        (Stage.MAIL, 553, "5.1.8 Sender unknown", Meaning.POLICY),
        (Stage.RCPT, 553, "5.1.8 Sender unknown", Meaning.POLICY),
        (Stage.MAIL, 530, "5.7.0 Authentication required", Meaning.SIGN_IN),
        (Stage.RCPT, 535, "5.7.8 Bad credentials", Meaning.SIGN_IN),
        (Stage.RCPT, 551, "User not local", Meaning.BOUNCED),
        (Stage.RCPT, 553, "Mailbox name not allowed", Meaning.BOUNCED),
        (Stage.DATA, 554, "No valid recipients", Meaning.BOUNCED),
        (Stage.DOT, 552, "5.2.2 Mailbox full", Meaning.BOUNCED),
        (Stage.DOT, 554, "5.6.0 Bad message", Meaning.LETTER),
        (Stage.DOT, 554, "Transaction failed", Meaning.LETTER),
        (Stage.RCPT, 251, "odd", Meaning.DEFERRED),
        (Stage.MAIL, -1, "", Meaning.DEFERRED),
    ],
)
def test_a_reply_is_classed_by_digit_enhanced_code_and_stage(
    stage: Stage, code: int, text: str, expected: Meaning
) -> None:
    assert meaning(Reply(stage, code, text)) is expected


def test_a_reply_is_kept_as_one_short_line() -> None:
    kept = str(Reply(Stage.DOT, 550, "5.1.1 first\n5.1.1 " + "x" * 1000))
    assert "\n" not in kept
    assert kept.startswith("550 5.1.1 first 5.1.1 x")
    assert len(kept) <= 300
