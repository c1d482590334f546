"""Mail: caught as it was handed in, no header slipped in, nothing secret in a failure."""

import pytest

from closeknit.kernel.errors import Invalid
from closeknit.kernel.outbound.mail import Mail, MailFailed, MailServer, check_address, compose, read_server, send
from closeknit.kernel.tests.receiver import smtp_catcher

SENDER = "closeknit@example.com"


def letter(**changes):
    return Mail(
        **(
            {"to": "carol@example.com", "subject": "A plan waits", "text": "Räume\n.\nEnd", "message_id": "m-1"}
            | changes
        )
    )


def test_a_mail_arrives_whole_with_the_id_of_its_attempt():
    with smtp_catcher() as catcher:
        send(letter(), MailServer("127.0.0.1", catcher.port, SENDER))
    ((sender, receivers, text),) = catcher.caught
    assert (sender, receivers) == (SENDER, ["carol@example.com"])
    assert "Subject: A plan waits\r\n" in text
    assert "Message-ID: <m-1@example.com>" in text
    assert "Auto-Submitted: auto-generated" in text
    head, _, body = text.partition("\r\n\r\n")
    assert "Bcc" not in head
    assert "End" in body


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "x\r\nBcc: all@example.com"},
        {"subject": "x\nBcc: all@example.com"},
        {"subject": "x\u2028Bcc: all@example.com"},
        {"subject": "x\x00"},
        {"message_id": "m\r\nX: y"},
        {"to": "a@example.com\r\nBcc: b@example.com"},
        {"to": "a@example.com, b@example.com"},
        {"to": "a@example.com;b@example.com"},
        {"to": "Carol <carol@example.com>"},
        {"to": "<a@example.com>"},
        {"to": "a@example.com\n"},
        {"to": "a b@example.com"},
        {"to": "a@exa mple.com"},
        {"to": "@example.com"},
        {"to": "nobody"},
        {"to": ""},
        {"to": "a" * 250 + "@example.com"},
    ],
)
def test_no_header_can_be_slipped_in_and_nothing_is_sent(changes):
    with smtp_catcher() as catcher, pytest.raises(Invalid):
        send(letter(**changes), MailServer("127.0.0.1", catcher.port, SENDER))
    assert catcher.caught == []


def test_long_and_foreign_subjects_stay_one_header():
    text = compose(letter(subject="Überlänge " * 30), SENDER).as_bytes().decode("ascii")
    head = text.partition("\r\n\r\n")[0]
    assert [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith(" ")] == [
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Auto-Submitted",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    ]


def test_a_receiver_refused_for_good_is_final_and_one_refused_for_now_is_not():
    for answer, is_final in (("550 unknown", True), ("451 later", False)):
        with smtp_catcher() as catcher:
            catcher.refuse["RCPT"] = answer
            with pytest.raises(MailFailed) as failure:
                send(letter(), MailServer("127.0.0.1", catcher.port, SENDER))
        assert failure.value.is_final is is_final
        assert "carol" not in str(failure.value)


def test_nobody_there_is_a_failure_that_may_be_tried_again():
    with smtp_catcher() as catcher:
        port = catcher.port
    with pytest.raises(MailFailed) as failure:
        send(letter(), MailServer("127.0.0.1", port, SENDER))
    assert not failure.value.is_final


def test_without_tls_nothing_is_said_to_another_machine():
    with smtp_catcher() as catcher:
        catcher.refuse["STAR"] = "502 no"
        with pytest.raises(MailFailed):
            send(letter(), MailServer("127.0.0.2", catcher.port, SENDER, username="u", password="word"))
    assert catcher.caught == []


def test_the_servers_address_is_read_and_its_password_never_shown():
    server = read_server("smtps://u%40x:w%3Aord@mail.example.com", SENDER)
    assert server == MailServer("mail.example.com", 465, SENDER, True, "u@x", "w:ord")
    assert "w:ord" not in repr(server)
    assert read_server("smtp://mail.example.com", SENDER).port == 587
    assert read_server("", SENDER) is None
    for url in ("http://mail.example.com", "smtp://", "smtp://x:99999", "word"):
        with pytest.raises(Invalid) as refused:
            read_server(url, SENDER)
        assert "word" not in str(refused.value)


def test_plain_addresses_are_taken():
    for address in ("a@example.com", "first.last+tag@sub.example.co.uk", "root@localhost"):
        assert check_address(address) == address
