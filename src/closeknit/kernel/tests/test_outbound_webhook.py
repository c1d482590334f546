"""Signed webhooks: the published vector, what each answer means, how long is tried again."""

import hashlib
import hmac
import random
from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest

from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.outbound import secrets, webhook
from closeknit.kernel.outbound.addresses import Gate
from closeknit.kernel.tests.receiver import NAME, PUBLIC, receiver

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_the_published_vector_of_standard_webhooks():
    assert (
        webhook.sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize(
    ("status", "sent", "final", "gone"),
    [
        (200, True, False, False),
        (204, True, False, False),
        (301, False, False, False),
        (307, False, False, False),
        (400, False, False, False),
        (410, False, True, True),
        (429, False, False, False),
        (500, False, False, False),
        (503, False, False, False),
    ],
)
def test_what_each_answer_means(tmp_path, status, sent, final, gone):
    secret = webhook.make_secret()
    with receiver(tmp_path) as server:
        server.answers = [status]
        gate = Gate(resolver=lambda host, port: [PUBLIC], opener=server.open, tls=server.trust)
        outcome = webhook.post_signed(f"https://{NAME}/", b'{"a":1}', message_id="m-1", secret=secret, gate=gate, at=AT)
    assert (outcome.is_sent, outcome.is_final, outcome.is_gone) == (sent, final, gone)
    headers, body = server.taken[0]
    signed = f"m-1.{headers['webhook-timestamp']}.".encode() + body
    expected = b64encode(hmac.new(b64decode(secret[6:]), signed, hashlib.sha256).digest()).decode()
    assert (headers["webhook-id"], headers["webhook-signature"]) == ("m-1", f"v1,{expected}")
    assert headers["content-type"] == "application/json"


def test_an_address_that_is_refused_is_final_and_one_that_is_silent_is_not():
    gate = Gate(resolver=lambda host, port: ["10.0.0.1"])
    send = {"message_id": "m", "secret": webhook.make_secret(), "at": AT}
    assert webhook.post_signed(f"https://{NAME}/", b"", gate=gate, **send).is_final
    assert not webhook.post_signed(f"https://{NAME}/", b"", gate=Gate(resolver=lambda h, p: []), **send).is_final


def test_tries_last_three_days_at_least_with_jitter_and_then_end():
    spans = []
    for seed in range(200):
        rng = random.Random(seed)
        waits = [webhook.wait_seconds(tries, rng) for tries in range(1, webhook.MOST_TRIES)]
        assert all(waits)
        spans.append(sum(waits))
        assert webhook.wait_seconds(webhook.MOST_TRIES, rng) is None
    assert min(spans) >= 72 * 3600
    assert max(spans) <= 92 * 3600
    assert len(set(spans)) == 200


def test_a_damaged_secret_says_so():
    with pytest.raises(Invalid):
        webhook.sign("whsec_***", "m", 1, b"")


def test_a_kept_secret_reads_back_for_its_owner_and_under_its_key_only():
    kept = secrets.encrypt("whsec_abc", about="endpoint:1", key_text="one")
    assert b"abc" not in kept
    assert secrets.decrypt(kept, about="endpoint:1", key_text="one") == "whsec_abc"
    for about, key in (("endpoint:2", "one"), ("endpoint:1", "two")):
        with pytest.raises(Conflict):
            secrets.decrypt(kept, about=about, key_text=key)
