"""Notices on their way: budget, digests, one id for every try, rights at delivery, slow and dead receivers."""

import json
import time as stopwatch
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db.models import F

from closeknit.kernel import ids
from closeknit.kernel.clock import now as clock_now
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.outbound.addresses import Gate
from closeknit.kernel.outbound.lanes import Lanes
from closeknit.kernel.outbound.webhook import MOST_TRIES, sign
from closeknit.kernel.scope import seeing_everything
from closeknit.kernel.tests.receiver import NAME, PUBLIC, receiver, recorded_connections, smtp_catcher
from closeknit.kernel.tests.test_outbound_addresses import HOSTILE as EVERY_HOSTILE
from closeknit.kernel.tests.test_outbound_addresses import MADE
from closeknit.rooms.decisions.actions import send_dispatches as sending
from closeknit.rooms.decisions.actions.choose_notice_preferences import choose_notice_preferences
from closeknit.rooms.decisions.actions.manage_endpoints import (
    change_endpoint,
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
    try_endpoint,
)
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.actions.route_notices import route_notices
from closeknit.rooms.decisions.actions.send_dispatches import list_due_receivers, replay_dispatch, send_dispatches
from closeknit.rooms.decisions.contracts import NoticePreferences, Wanted
from closeknit.rooms.decisions.contracts.settings import URGENT_PER_HOUR
from closeknit.rooms.decisions.models import Dispatch, GatheredNotice, LedgerEntry, Notice, WebhookEndpoint
from closeknit.rooms.decisions.reads import get_endpoint, list_dispatches
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts import Level
from closeknit.rooms.org.reads import system_actor

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = f"https://{NAME}/hook"
pytestmark = pytest.mark.django_db


def tell(person, cause="c1", urgent=True, title="Look", **more):
    notify_people(
        to=[person.key],
        cause=cause,
        title=title,
        body="Body.",
        link="/inbox/",
        urgent=urgent,
        thread_id=ids.new_id(),
        by=system_actor(),
        at=more.pop("at", AT),
        **more,
    )


def wants(person, **chosen):
    choose_notice_preferences(NoticePreferences(**chosen), by=person)


def route():
    while route_notices(by=system_actor()):
        pass


def later(**span):
    """Let time pass for everything that waits."""
    passed = timedelta(**span)
    Dispatch.objects.update(next_try_at=F("next_try_at") - passed)
    WebhookEndpoint.objects.exclude(rests_until=None).update(rests_until=F("rests_until") - passed)
    GatheredNotice.objects.update(due_at=F("due_at") - passed)
    Notice.objects.exclude(sent_at=None).update(sent_at=F("sent_at") - passed)


@pytest.fixture
def hook(tmp_path, erin):
    with receiver(tmp_path) as server:
        server.gate = Gate(resolver=lambda host, port: [PUBLIC], opener=server.open, tls=server.trust)
        issued = create_endpoint(name="Chat", url=URL, gate=server.gate, by=erin, at=AT)
        server.endpoint_id, server.secret = issued.endpoint_id, issued.secret
        yield server


def send(hook):
    return sum(send_dispatches(r, gate=hook.gate, by=system_actor()) for r in list_due_receivers(by=system_actor()))


@pytest.fixture
def post(settings):
    with smtp_catcher() as catcher:
        settings.SMTP_URL = f"smtp://127.0.0.1:{catcher.port}"
        settings.MAIL_FROM = "closeknit@example.com"
        settings.PUBLIC_URL = "https://closeknit.example.com"
        yield catcher


def mails(post):
    for name in list_due_receivers(by=system_actor()):
        send_dispatches(name, by=system_actor())
    return [text for _, _, text in post.caught]


def test_an_urgent_notice_leaves_at_once_signed_and_once(hook, carol):
    wants(carol, webhook=Wanted.URGENT)
    tell(carol)
    route()
    assert (send(hook), send(hook)) == (1, 0)
    ((headers, body),) = hook.taken
    assert headers["webhook-signature"] == sign(
        hook.secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body
    )
    message = json.loads(body)
    assert message["type"] == "notices.notice"
    assert message["data"]["person"] == carol.key
    assert [n["title"] for n in message["data"]["notices"]] == ["Look"]
    assert Dispatch.objects.get().state == "sent"


def test_a_mail_says_what_and_where_and_leaves_once(post, carol):
    wants(carol, mail_address="carol@example.com")
    tell(carol, title="A plan waits\r\nBcc: all@example.com")
    route()
    (text,) = mails(post)
    assert "Subject: Urgent: A plan waits Bcc: all@example.com" in text
    assert "https://closeknit.example.com/inbox/" in text
    assert f"Message-ID: <{Dispatch.objects.get().pk}@example.com>" in text
    assert len(mails(post)) == 1


def test_beyond_six_urgent_ones_an_hour_the_rest_is_one_digest(post, carol):
    wants(carol, mail_address="carol@example.com")
    for number in range(20):
        tell(carol, cause=f"c{number}", title=f"Matter {number}")
    route()
    assert len(mails(post)) == 6
    assert GatheredNotice.objects.count() == 14
    later(hours=1)
    route()
    texts = mails(post)
    assert len(texts) == 7
    assert "14 notices" in texts[-1]
    assert sum(f"Matter {n}" in texts[-1] for n in range(20)) >= 14
    later(hours=2)
    route()
    assert len(mails(post)) == 7


def test_one_cause_that_repeats_is_one_mail_and_one_line_of_the_digest(post, carol):
    wants(carol, mail_address="carol@example.com")
    for number in range(10):
        tell(carol, title=f"Report {number}")
        route()
    assert len(mails(post)) == 1
    assert GatheredNotice.objects.count() == 1
    later(hours=1)
    route()
    texts = mails(post)
    assert len(texts) == 2
    assert "reported 10 times" in texts[-1]


def test_what_was_read_meanwhile_is_not_sent(post, carol):
    wants(carol, mail_address="carol@example.com", mail=Wanted.ALL)
    tell(carol, cause="a")
    tell(carol, cause="b", urgent=False)
    Notice.objects.filter(cause="a").update(read_at=AT)
    route()
    Notice.objects.update(read_at=AT)
    later(hours=1)
    route()
    assert mails(post) == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_keep_to_one_budget(post, carol):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    wants(carol, mail_address="carol@example.com")
    for number in range(40):
        tell_in_transaction(carol, f"c{number}")

    def work(_):
        try:
            with seeing_everything():
                route()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    route()
    assert Dispatch.objects.count() == 6
    assert GatheredNotice.objects.count() == 34


def test_the_budget_is_a_setting(post, carol, erin):
    # The day before: within this test's one transaction the database's time stands still.
    before = clock_now() - timedelta(days=1)
    set_setting(URGENT_PER_HOUR.key, 2, level=Level.GLOBAL, place="", reason="Less noise.", by=erin, at=before)
    wants(carol, mail_address="carol@example.com")
    for number in range(5):
        tell(carol, cause=f"c{number}")
    route()
    assert len(mails(post)) == 2


def test_who_lost_sight_of_the_account_gets_nothing(hook, bob, accounts):
    from closeknit.rooms.org.models import Grant

    wants(bob, webhook=Wanted.URGENT)
    tell(bob, cause="seen", account_number="ACME", title="Acme is short")
    tell(bob, cause="foreign", account_number="BOLT", title="Bolt is short")
    route()
    assert send(hook) == 1
    assert b"Acme" in hook.taken[0][1]
    tell(bob, cause="later", account_number="ACME")
    route()
    Grant.objects.all().delete()
    assert send(hook) == 0
    assert sorted(Dispatch.objects.values_list("state", flat=True)) == ["dropped", "dropped", "sent"]


def test_a_digest_leaves_out_what_the_person_may_no_longer_see(hook, bob, accounts):
    wants(bob, webhook=Wanted.ALL)
    tell(bob, cause="seen", urgent=False, account_number="ACME", title="Acme")
    tell(bob, cause="foreign", urgent=False, account_number="BOLT", title="Bolt")
    tell(bob, cause="right", urgent=False, permission="proposals.decide", title="Decide")
    route()
    later(hours=1)
    route()
    assert send(hook) == 1
    assert [n["title"] for n in json.loads(hook.taken[0][1])["data"]["notices"]] == ["Acme"]


def test_who_may_no_longer_sign_in_or_holds_no_role_gets_nothing(hook, carol, dave):
    from django.contrib.auth import get_user_model

    for person in (carol, dave):
        wants(person, webhook=Wanted.URGENT)
        tell(person)
    get_user_model().objects.filter(username="carol").update(is_active=False)
    route()
    assert send(hook) == 0
    assert {d.state for d in Dispatch.objects.all()} == {"dropped"}


def test_every_try_has_the_same_id_until_it_is_dead_and_a_replay_has_it_too(hook, carol, erin):
    hook.answers = [500]
    wants(carol, webhook=Wanted.URGENT)
    tell(carol)
    route()
    for _ in range(MOST_TRIES):
        send(hook)
        later(days=2)
    dispatch = Dispatch.objects.get()
    assert (dispatch.state, dispatch.tries, dispatch.outcome) == ("dead", MOST_TRIES, "Answered 500.")
    assert {headers["webhook-id"] for headers, _ in hook.taken} == {str(dispatch.pk)}
    assert len(hook.taken) == MOST_TRIES
    assert send(hook) == 0
    hook.answers = [200]
    replay_dispatch(dispatch.pk, by=erin)
    later(days=1)
    assert send(hook) == 1
    assert hook.taken[-1][0]["webhook-id"] == str(dispatch.pk)
    with pytest.raises(NotFound):
        replay_dispatch(dispatch.pk, by=erin)


def test_a_redirect_is_a_failure_and_not_followed(hook, carol):
    hook.answers, hook.headers = [302], {"location": "https://127.0.0.1/"}
    wants(carol, webhook=Wanted.URGENT)
    tell(carol)
    route()
    assert send(hook) == 0
    assert Dispatch.objects.get().state == "pending"
    assert len(hook.opened) == 1


def test_410_disables_the_endpoint_and_what_waits_is_dead_in_view_and_replayable(hook, carol, erin):
    wants(carol, webhook=Wanted.URGENT)
    for cause in ("a", "b", "c"):
        tell(carol, cause=cause)
    route()
    hook.answers = [410]
    assert send(hook) == 0
    assert len(hook.taken) == 1
    card = get_endpoint(hook.endpoint_id, by=erin)
    assert (card.disabled_at is not None, card.dead, card.waiting) == (True, 3, 0)
    assert LedgerEntry.objects.filter(kind="webhook.disabled").count() == 1
    dead = list_dispatches(endpoint_id=hook.endpoint_id, by=erin)
    with pytest.raises(Conflict):
        replay_dispatch(dead[0].dispatch_id, by=erin)
    enable_endpoint(hook.endpoint_id, by=erin)
    hook.answers = [200]
    replay_dispatch(dead[0].dispatch_id, by=erin)
    assert send(hook) == 1


def test_a_receiver_that_comes_back_gets_what_waited_without_delay(hook, carol):
    wants(carol, webhook=Wanted.URGENT)
    hook.answers = [503]
    for cause in ("a", "b"):
        tell(carol, cause=cause)
    route()
    for _ in range(4):
        send(hook)
        later(hours=1)
    hook.answers = [200]
    later(hours=3)
    assert send(hook) >= 1
    send(hook)
    assert {d.state for d in Dispatch.objects.all()} == {"sent"}


def test_killed_between_sending_and_marking_the_same_id_goes_again(hook, carol, monkeypatch):
    wants(carol, webhook=Wanted.URGENT)
    tell(carol)
    route()

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_settle", die)
        with pytest.raises(Killed):
            send(hook)
    assert send(hook) == 0, "it is leased: nobody else takes it yet"
    later(seconds=121)
    assert send(hook) == 1
    assert len({headers["webhook-id"] for headers, _ in hook.taken}) == 1
    assert len(hook.taken) == 2


@pytest.mark.django_db(transaction=True)
def test_a_slow_receiver_delays_no_other(hook, erin, carol, tmp_path):
    wants(carol, webhook=Wanted.URGENT)
    with receiver(tmp_path, name="fast.example.com") as fast:
        hook.may_answer.clear()
        hook.gate = replace(hook.gate, whole_seconds=240.0)
        gates = {str(hook.endpoint_id): hook.gate}
        gate = Gate(resolver=lambda host, port: [PUBLIC], opener=fast.open, tls=fast.trust)
        issued = create_endpoint(name="Fast", url="https://fast.example.com/", gate=gate, by=erin, at=AT)
        gates[str(issued.endpoint_id)] = gate
        for cause in ("a", "b", "c"):
            tell_in_transaction(carol, cause)
        route()
        lanes = Lanes(lambda name: send_dispatches(name, gate=gates[name], by=system_actor()))
        lanes.start(list_due_receivers(by=system_actor()))
        deadline = stopwatch.monotonic() + 240
        while (len(fast.taken), len(hook.taken)) != (3, 1) and stopwatch.monotonic() < deadline:
            stopwatch.sleep(0.02)
        # The slow one holds its first notice still; the fast one has all of its own.
        assert (len(fast.taken), len(hook.taken)) == (3, 1)
        hook.may_answer.set()
        lanes.join()
    assert len(hook.taken) == 3


def tell_in_transaction(person, cause):
    from django.db import transaction

    with transaction.atomic():
        tell(person, cause=cause)


def test_no_hostile_address_is_connected_to_at_create_edit_test_or_delivery(erin, carol, hook, monkeypatch):
    wants(carol, webhook=Wanted.URGENT)
    hostile = [url for url in (*EVERY_HOSTILE, *MADE) if len(url) <= 500 and "\x00" not in url]
    asked: list[str] = []
    gate = Gate(resolver=lambda host, port: asked.append(host) or [PUBLIC])
    with recorded_connections(monkeypatch) as seen:
        for number, url in enumerate(hostile):
            with pytest.raises(Invalid):
                create_endpoint(name="Bad", url=url, gate=gate, by=erin, at=AT)
            with pytest.raises(Invalid):
                change_endpoint(hook.endpoint_id, url=url, gate=gate, by=erin)
            # As if a row had been written past the checks before.
            WebhookEndpoint.objects.update(url=url, rests_until=None)
            tell(carol, cause=f"hostile {number}")
            Notice.objects.update(sent_at=None)
            route()
            assert try_endpoint(hook.endpoint_id, gate=gate, by=erin, at=AT).state == "dead"
            assert send_dispatches(str(hook.endpoint_id), gate=gate, by=system_actor()) == 0
            assert (seen, asked) == ([], []), url
    assert len(hostile) >= 75
    assert set(Dispatch.objects.values_list("state", flat=True)) == {"dead"}


def test_what_was_settled_long_ago_is_cleared_away(carol, erin):
    from closeknit.rooms.decisions.actions.clear_notices import clear_notices

    now = clock_now()
    for state, days in (("sent", 31), ("sent", 29), ("dead", 89), ("dead", 91), ("dropped", 31), ("pending", 999)):
        settled = None if state == "pending" else now - timedelta(days=days)
        Dispatch.objects.create(id=ids.new_id(), channel="mail", kind="notice", state=state, settled_at=settled)
    for cause, read_at in (("old", now - timedelta(days=401)), ("new", now), ("unread", None)):
        tell(carol, cause=cause)
        Notice.objects.filter(cause=cause).update(read_at=read_at)
    assert clear_notices(by=system_actor()) == 4
    assert sorted(Dispatch.objects.values_list("state", flat=True)) == ["dead", "pending", "sent"]
    assert set(Notice.objects.values_list("cause", flat=True)) == {"new", "unread"}
    with pytest.raises(Denied):
        clear_notices(by=carol)


HOSTILE = ["http://hooks.example.com/", "https://127.0.0.1/", "https://hooks.example.com:8443/", "https://localhost/"]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_at_create_and_edit(hook, erin, url):
    with pytest.raises(Invalid):
        create_endpoint(name="Bad", url=url, gate=hook.gate, by=erin, at=AT)
    with pytest.raises(Invalid):
        change_endpoint(hook.endpoint_id, url=url, gate=hook.gate, by=erin)
    assert WebhookEndpoint.objects.get().url == URL


def test_a_name_that_turns_inward_is_refused_at_create_edit_test_and_delivery(hook, carol, erin):
    inward = Gate(resolver=lambda host, port: ["169.254.169.254"], opener=hook.open, tls=hook.trust)
    with pytest.raises(Invalid):
        create_endpoint(name="Bad", url=URL, gate=inward, by=erin, at=AT)
    with pytest.raises(Invalid):
        change_endpoint(hook.endpoint_id, url=URL, gate=inward, by=erin)
    assert "not a public address" in try_endpoint(hook.endpoint_id, gate=inward, by=erin, at=AT).outcome
    wants(carol, webhook=Wanted.URGENT)
    tell(carol)
    route()
    send_dispatches(str(hook.endpoint_id), gate=inward, by=system_actor())
    assert hook.opened == []
    assert Dispatch.objects.filter(kind="notice").get().state == "dead"


def test_a_test_message_is_signed_sent_once_and_says_how_it_went(hook, erin):
    assert try_endpoint(hook.endpoint_id, gate=hook.gate, by=erin, at=AT).state == "sent"
    hook.answers = [500]
    failed = try_endpoint(hook.endpoint_id, gate=hook.gate, by=erin, at=AT)
    assert (failed.state, failed.outcome) == ("dead", "Answered 500.")
    assert json.loads(hook.taken[0][1])["type"] == "notices.test"


def test_only_administrators_manage_endpoints(hook, alice, bob, carol, frank):
    for person in (alice, bob, carol, frank):
        for act in (
            lambda by: create_endpoint(name="X", url=URL, gate=hook.gate, by=by, at=AT),
            lambda by: change_endpoint(hook.endpoint_id, url=URL, gate=hook.gate, by=by),
            lambda by: try_endpoint(hook.endpoint_id, gate=hook.gate, by=by, at=AT),
            lambda by: disable_endpoint(hook.endpoint_id, reason="x", by=by, at=AT),
            lambda by: enable_endpoint(hook.endpoint_id, by=by),
            lambda by: list_due_receivers(by=by),
            lambda by: list_dispatches(by=by),
        ):
            with pytest.raises(Denied):
                act(person)
    assert hook.taken == []


def test_each_step_of_an_endpoint_is_in_the_ledger_and_its_secret_nowhere(hook, erin):
    change_endpoint(hook.endpoint_id, url=URL + "2", gate=hook.gate, by=erin)
    disable_endpoint(hook.endpoint_id, reason="Moved away.", by=erin, at=AT)
    enable_endpoint(hook.endpoint_id, by=erin)
    kinds = list(LedgerEntry.objects.filter(kind__startswith="webhook.").order_by("id").values_list("kind", flat=True))
    assert kinds == ["webhook.created", "webhook.changed", "webhook.disabled", "webhook.enabled"]
    kept = bytes(WebhookEndpoint.objects.get().secret)
    assert hook.secret[6:].encode() not in kept
    with pytest.raises(Conflict):
        create_endpoint(name="Chat", url=URL, gate=hook.gate, by=erin, at=AT)


@pytest.mark.parametrize(
    "chosen",
    [
        {"mail_address": "a@example.com\r\nBcc: b@example.com"},
        {"mail_address": "nobody"},
        {"digest_hour": 24},
        {"quiet_until": time(7)},
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "../../etc/passwd"},
    ],
)
def test_preferences_that_make_no_sense_are_refused(carol, chosen):
    with pytest.raises(Invalid):
        wants(carol, **chosen)


def test_addresses_stay_within_the_companys_domains(carol, settings):
    settings.MAIL_DOMAINS = ("example.com",)
    wants(carol, mail_address="carol@Example.com")
    with pytest.raises(Invalid):
        wants(carol, mail_address="carol@elsewhere.example")


def test_programs_choose_no_preferences():
    with pytest.raises(Denied):
        wants(system_actor())
