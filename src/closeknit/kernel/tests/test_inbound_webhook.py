import base64
from datetime import UTC, datetime, timedelta

import pytest

from closeknit.kernel.inbound.webhook import TOLERANCE_SECONDS, NotSigned, check_signature
from closeknit.kernel.outbound.webhook import make_secret, sign

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
BODY = b'{"order": 1}'


def signed(body: bytes = BODY, *, secret: str = SECRET, at: datetime = AT, message_id: str = "msg_1") -> dict[str, str]:
    """Return the headers that a sender puts to a body."""
    seconds = int(at.timestamp())
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(seconds),
        "Webhook-Signature": sign(secret, message_id, seconds, body),
    }


def test_a_signed_message_is_known_by_its_id():
    found = check_signature(signed(), BODY, [SECRET], at=AT)
    assert (found.message_id, found.sent_at_seconds) == ("msg_1", int(AT.timestamp()))


def test_the_published_example_of_the_rules_holds():
    # The rules' own example (Standard Webhooks 1.0.0): secret, id, time and body as printed there.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    assert check_signature(headers, body, [secret], at=at).message_id == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda headers: headers.pop("Webhook-Id"), "webhook-id"),
        (lambda headers: headers.pop("Webhook-Timestamp"), "webhook-timestamp"),
        (lambda headers: headers.pop("Webhook-Signature"), "webhook-signature"),
        (lambda headers: headers.update({"Webhook-Id": "msg_2"}), "webhook-signature"),
        (lambda headers: headers.update({"Webhook-Id": "x" * 256}), "webhook-id"),
        (lambda headers: headers.update({"Webhook-Timestamp": "soon"}), "webhook-timestamp"),
        (lambda headers: headers.update({"Webhook-Timestamp": "-5"}), "webhook-timestamp"),
        (lambda headers: headers.update({"Webhook-Timestamp": "9" * 30}), "webhook-timestamp"),
        (lambda headers: headers.update({"Webhook-Timestamp": "²"}), "webhook-timestamp"),
        (lambda headers: headers.update({"Webhook-Signature": "v1,"}), "webhook-signature"),
        (lambda headers: headers.update({"Webhook-Signature": "v1,é"}), "webhook-signature"),
        (
            lambda headers: headers.update({"Webhook-Signature": headers["Webhook-Signature"].replace("v1,", "v1a,")}),
            "webhook-signature",
        ),
        (lambda headers: headers.update({"Webhook-Signature": headers["Webhook-Signature"][3:]}), "webhook-signature"),
    ],
)
def test_what_is_missing_or_changed_is_refused(change, where):
    headers = signed()
    change(headers)
    with pytest.raises(NotSigned) as refused:
        check_signature(headers, BODY, [SECRET], at=AT)
    assert refused.value.where == where
    assert refused.value.status == 401


def test_a_changed_byte_or_another_secret_is_refused():
    for body, secret in ((BODY + b" ", SECRET), (BODY, make_secret())):
        with pytest.raises(NotSigned):
            check_signature(signed(), body, [secret], at=AT)


def test_a_message_is_taken_within_five_minutes_and_no_longer():
    for seconds in (-TOLERANCE_SECONDS, TOLERANCE_SECONDS):
        assert check_signature(signed(), BODY, [SECRET], at=AT + timedelta(seconds=seconds))
    for seconds in (-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1):
        with pytest.raises(NotSigned) as refused:
            check_signature(signed(), BODY, [SECRET], at=AT + timedelta(seconds=seconds))
        assert refused.value.where == "webhook-timestamp"


def test_while_a_secret_changes_either_of_two_holds():
    new = make_secret()
    assert check_signature(signed(), BODY, [new, SECRET], at=AT)
    both = signed(secret=new)
    both["Webhook-Signature"] = "v2,future " + signed()["Webhook-Signature"] + " " + both["Webhook-Signature"]
    assert check_signature(both, BODY, [new], at=AT)


def test_without_secrets_nothing_holds():
    with pytest.raises(NotSigned):
        check_signature(signed(), BODY, [], at=AT)
