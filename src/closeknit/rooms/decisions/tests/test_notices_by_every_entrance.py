"""Notices, webhook endpoints and duties by page, API and command: the same answers by each."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from tests.cast import enter, sign_in

from closeknit.kernel import ids
from closeknit.kernel.outbound.addresses import Gate
from closeknit.kernel.tests.receiver import NAME, PUBLIC, receiver
from closeknit.rooms.decisions.actions.add_duty import add_duty
from closeknit.rooms.decisions.actions.keep_duties import escalate_overdue_duties, gather_evidence, open_due_dates
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.contracts import Cadence, DutyRule
from closeknit.rooms.decisions.models import Dispatch, Duty, DutyOccurrence, Notice, WebhookEndpoint
from closeknit.rooms.org.reads import system_actor
from closeknit.web import boot, cli

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def tell(*people, cause="c1", urgent=True, title="Look here", **more):
    with transaction.atomic():
        notify_people(
            to=[person.key for person in people],
            cause=cause,
            title=title,
            body="Body.",
            link="/plans/",
            urgent=urgent,
            thread_id=ids.new_id(),
            by=system_actor(),
            at=AT,
            **more,
        )


@pytest.fixture
def command(monkeypatch, capsys):
    """The command line in this process: words in, status and the JSON object (or text) out."""
    monkeypatch.setattr(boot, "prepare", lambda **_: None)

    def run(*words, as_name, plain=False):
        status = cli.main([*(str(word) for word in words), "--as", as_name, *([] if plain else ["--json"])])
        out = capsys.readouterr().out
        return status, out if plain else json.loads(out)

    return run


def post(client, address, body=None):
    return client.post(address, json.dumps(body or {}), content_type="application/json")


# Notices


def test_the_frame_counts_what_is_unread_and_the_page_lists_it(client, carol, bob):
    tell(carol)
    tell(carol, cause="c2", urgent=False)
    tell(bob, cause="c3", title="Not for Carol")
    sign_in(client, "carol")
    page = client.get("/notices/").content.decode()
    assert 'aria-label="Notices, 2 unread"' in page
    assert page.count("Look here</a>") == 2
    assert "Not for Carol" not in page


def test_the_count_costs_one_query_and_only_where_a_frame_is_drawn(client, carol, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    tell(carol)
    sign_in(client, "carol")
    counts = []
    for address in ("/notices/preferences/", "/tiles/notices/"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(address)
        counts.append(sum("count(*)" in q["sql"].lower() and "decisions_notice" in q["sql"] for q in queries))
    assert counts == [1, 0]


def test_a_page_read_leads_where_the_notice_does(client, carol):
    tell(carol)
    sign_in(client, "carol")
    notice = Notice.objects.get()
    answer = client.post(f"/notices/{notice.pk}/read/", {"then": "open"})
    assert (answer.status_code, answer["Location"]) == (302, "/plans/")
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert "read everything" in client.get("/notices/?unread=1").content.decode()


def test_getting_changes_nothing(client, carol):
    tell(carol)
    sign_in(client, "carol")
    notice = Notice.objects.get()
    for address in (f"/notices/{notice.pk}/read/", "/notices/read-all/", "/notices/preferences/save/"):
        assert client.get(address).status_code == 405
    assert Notice.objects.filter(read_at=None).count() == 1


def test_read_all_leaves_what_came_after_the_page(client, carol):
    tell(carol)
    sign_in(client, "carol")
    until = client.get("/notices/").context["until"]
    tell(carol, cause="c2")
    Notice.objects.filter(cause="c2").update(last_at=AT + timedelta(seconds=1))
    client.post("/notices/read-all/", {"until": until})
    assert list(Notice.objects.filter(read_at=None).values_list("cause", flat=True)) == ["c2"]


def test_a_customers_reader_sees_its_own_notices_and_nothing_else(client, accounts):
    gina = enter("gina")
    tell(gina, account_number="ACME")
    tell(gina, cause="c2", account_number="BOLT", title="Foreign")
    tell(gina, cause="c3", permission="decisions.read", title="Inside")
    sign_in(client, "gina")
    page = client.get("/notices/").content.decode()
    assert "Look here" in page
    assert "Foreign" not in page
    assert "Inside" not in page
    assert [n["title"] for n in client.get("/api/v1/notices").json()] == ["Look here"]


def test_notices_by_api(client, carol, bob):
    tell(carol, bob)
    sign_in(client, "carol")
    (found,) = client.get("/api/v1/notices?unread=true").json()
    assert (found["title"], found["is_urgent"], found["read_at"]) == ("Look here", True, None)
    foreign = Notice.objects.get(person_key=bob.key)
    assert post(client, f"/api/v1/notices/{foreign.pk}/read").status_code == 404
    assert post(client, f"/api/v1/notices/{found['notice_id']}/read").json()["read_at"]
    assert client.get("/api/v1/notices?unread=true").json() == []
    tell(carol, cause="c2")
    assert post(client, "/api/v1/notices/read-all", {"until_at": AT.isoformat()}).json() == {"read": 1}


@pytest.mark.parametrize("moment", ["1265-11-16T09:11:12-20:57", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_kept_is_refused(client, carol, moment):
    sign_in(client, "carol")
    assert client.get("/api/v1/notices", {"before_at": moment}).status_code == 422
    assert post(client, "/api/v1/notices/read-all", {"until_at": moment}).status_code == 422
    assert client.get("/api/v1/notices", {"before_at": "2026-03-02T09:11:12-20:57"}).status_code == 200


def test_notices_by_command(command, carol):
    tell(carol)
    status, found = command("decisions", "notices", "list", as_name="carol")
    assert (status, found["schema"], len(found["notices"])) == (0, "closeknit.notices/1", 1)
    assert "Look here" in command("decisions", "notices", "list", as_name="carol", plain=True)[1]
    assert command("decisions", "notices", "read", as_name="carol")[1]["read"] == 1
    assert command("decisions", "notices", "list", "--unread", as_name="carol")[1]["notices"] == []


def test_preferences_are_the_same_by_each(client, command, carol):
    sign_in(client, "carol")
    form = {"mail_address": "carol@example.com", "mail": "all", "webhook": "urgent", "digest": "daily"}
    form |= {"digest_hour": 6, "quiet_from": "22:00", "quiet_until": "07:00", "time_zone": "Europe/Berlin"}
    assert client.post("/notices/preferences/save/", form).status_code == 302
    page = client.get("/notices/preferences/").content.decode()
    assert 'value="carol@example.com"' in page
    assert 'value="22:00"' in page
    chosen = client.get("/api/v1/notices/preferences").json()
    assert {k: chosen[k] for k in ("mail_address", "mail", "webhook", "digest", "digest_hour")} == {
        k: form[k] for k in ("mail_address", "mail", "webhook", "digest", "digest_hour")
    }
    words = ("decisions", "notices", "preferences", "--mail", "none", "--quiet", "", "--digest-hour", 8)
    said = command(*words, as_name="carol")[1]["preferences"]
    assert (said["mail"], said["quiet_from"], said["digest_hour"], said["digest"]) == ("none", None, 8, "daily")
    assert post(client, "/api/v1/notices/preferences", {"mail": "all"}).json()["digest"] == "hourly"
    assert client.post("/notices/preferences/save/", form | {"mail_address": "a@b.c, d@e.f"}).status_code == 422
    assert command("decisions", "notices", "preferences", "--quiet", "late", as_name="carol")[0] == 1


# Webhooks


@pytest.fixture
def hook(tmp_path, monkeypatch):
    from closeknit.rooms.decisions.actions import manage_endpoints, send_dispatches

    with receiver(tmp_path) as server:
        gate = Gate(resolver=lambda host, port: [PUBLIC], opener=server.open, tls=server.trust)
        for module in (manage_endpoints, send_dispatches):
            monkeypatch.setattr(module, "outbound_gate", lambda: gate)
        yield server


URL = f"https://{NAME}/hook"


def test_an_endpoint_by_page_from_its_secret_to_its_end(client, erin, hook):
    sign_in(client, "erin")
    assert b"No endpoint is set up" in client.get("/webhooks/").content
    page = client.post("/webhooks/create/", {"name": "Chat", "url": URL}).content.decode()
    assert "whsec_" in page
    assert "whsec_" not in client.get("/webhooks/").content.decode()
    address = f"/webhooks/{WebhookEndpoint.objects.get().pk}/"
    assert "Answered 200" in client.post(f"{address}test/", follow=True).content.decode()
    hook.answers = [500]
    assert "Answered 500" in client.post(f"{address}test/", follow=True).content.decode()
    assert "Send again" in client.get(address).content.decode()
    dead = Dispatch.objects.get(state="dead")
    assert client.post(f"/webhooks/messages/{dead.pk}/replay/").status_code == 302
    assert client.post(f"{address}change/", {"url": "https://127.0.0.1/"}).status_code == 422
    assert client.post(f"{address}change/", {"url": URL + "2"}).status_code == 302
    assert client.post(f"{address}disable/", {"reason": ""}).status_code == 422
    assert "It moved" in client.post(f"{address}disable/", {"reason": "It moved."}, follow=True).content.decode()
    assert client.post(f"{address}test/").status_code == 409
    assert client.post(f"{address}enable/").status_code == 302
    assert "whsec_" not in client.get(address).content.decode()


def test_an_endpoint_by_api(client, erin, hook):
    sign_in(client, "erin")
    made = post(client, "/api/v1/webhooks", {"name": "Chat", "url": URL})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    address = f"/api/v1/webhooks/{made.json()['endpoint_id']}"
    assert "secret" not in client.get(address).json()
    assert post(client, f"{address}/test").json()["state"] == "sent"
    assert post(client, "/api/v1/webhooks", {"name": "B", "url": "http://10.0.0.1/"}).json()["code"] == "invalid"
    assert post(client, f"{address}/change", {"url": "https://[::1]/"}).status_code == 422
    assert post(client, f"{address}/disable", {"reason": "x"}).json()["disabled_reason"] == "x"
    assert post(client, f"{address}/enable").json()["disabled_at"] is None
    assert [m["kind"] for m in client.get("/api/v1/webhooks/messages").json()] == ["test"]


def test_an_endpoint_by_command(command, erin, hook):
    made = command("decisions", "webhooks", "create", "Chat", URL, as_name="erin")[1]
    assert made["secret"].startswith("whsec_")
    endpoint = made["endpoint_id"]
    assert command("decisions", "webhooks", "test", endpoint, as_name="erin")[0] == 0
    hook.answers = [500]
    status, failed = command("decisions", "webhooks", "test", endpoint, as_name="erin")
    assert (status, failed["message"]["outcome"]) == (1, "Answered 500.")
    assert command("decisions", "webhooks", "replay", failed["message"]["dispatch_id"], as_name="erin")[0] == 0
    assert command("decisions", "webhooks", "disable", endpoint, "--reason", "x", as_name="erin")[0] == 0
    assert "disabled" in command("decisions", "webhooks", "list", as_name="erin", plain=True)[1]
    assert command("decisions", "webhooks", "enable", endpoint, as_name="erin")[0] == 0
    assert command("decisions", "webhooks", "change", endpoint, "https://localhost/", as_name="erin")[0] == 1
    assert len(command("decisions", "webhooks", "messages", as_name="erin")[1]["messages"]) == 2
    assert command("decisions", "webhooks", "list", as_name="carol")[0] == 1


# Duties


@pytest.fixture
def due(carol, alice):
    """A duty of Alice's that fell due within the last week, with its evidence."""
    from closeknit.kernel import clock

    now = clock.now()
    add_duty(
        name="Weekly look",
        owner=alice.key,
        rule=DutyRule(Cadence.WEEKLY, weekday=now.isoweekday() % 5 + 1, days_to_sign=20),
        evidence=["plans"],
        statement="I looked.",
        starts_on=now.date() - timedelta(days=7),
        by=carol,
        at=now,
    )
    open_due_dates(by=system_actor())
    gather_evidence(by=system_actor())
    escalate_overdue_duties(by=system_actor())
    return DutyOccurrence.objects.get()


def test_a_duty_is_signed_on_its_page(client, due):
    sign_in(client, "alice")
    assert "Weekly look" in client.get("/tiles/duties/").content.decode()
    assert "Look and sign" in client.get("/duties/").content.decode()
    page = client.get(f"/duties/{due.pk}/").content.decode()
    assert "I looked." in page
    assert due.evidence_sha256 in page
    assert client.post(f"/duties/{due.pk}/sign/", {"evidence_sha256": "0" * 64}).status_code == 409
    form = {"evidence_sha256": due.evidence_sha256, "remark": "All in order."}
    assert client.post(f"/duties/{due.pk}/sign/", form).status_code == 302
    signed = client.get(f"/duties/{due.pk}/").content.decode()
    assert "Signed by <strong>Alice Planner</strong>" in signed
    assert "All in order." in signed
    assert "Nothing to sign" in client.get("/tiles/duties/").content.decode()
    assert "All in order." in client.get(f"/threads/{due.thread_id}/").content.decode()


def test_who_does_not_own_it_is_not_asked_to_sign(client, due, frank):
    sign_in(client, "frank")
    page = client.get(f"/duties/{due.pk}/").content.decode()
    assert "Only the owner signs" in page
    assert '<button class="primary" type="submit">Sign' not in page


def test_due_dates_filter_and_export(client, due):
    sign_in(client, "alice")
    for query, shown in (("state=due", True), ("state=signed", False), ("mine=1", True), (f"duty={due.duty_id}", True)):
        assert bool(client.get(f"/duties/?{query}").context["cards"]) is shown
    text = b"".join(client.get("/duties/?format=csv").streaming_content).decode()
    assert "Weekly look" in text


def test_duties_are_added_installed_passed_on_and_ended_on_the_page(client, carol, bob, alice):
    sign_in(client, "carol")
    assert "Install the shipped duties" in client.get("/duties/").content.decode()
    form = {"name": "Month end", "owner": alice.key, "cadence": "monthly", "counted": "business", "on": -1}
    form |= {"days_to_sign": 3, "time_zone": "Europe/Berlin", "evidence": "plans, feeds", "statement": "Done."}
    assert client.post("/duties/add/", form).status_code == 302
    duty = Duty.objects.get()
    assert (duty.rule["business_day"], duty.evidence) == (-1, ["plans", "feeds"])
    assert client.post("/duties/add/", form | {"evidence": "no-such"}).status_code == 422
    assert client.post("/duties/add/", form | {"on": 0}).status_code == 422
    weekly = {"cadence": "weekly", "on": 2, "name": "Tuesdays"}
    assert client.post("/duties/add/", form | weekly).status_code == 302
    assert "every Tuesday" in client.get("/duties/").content.decode()
    assert client.post(f"/duties/{duty.pk}/assign/", {"owner": "bob", "reason": "So."}).status_code == 302
    duty.refresh_from_db()
    assert duty.owner_key == bob.key
    assert client.post(f"/duties/{duty.pk}/end/", {"reason": "So."}).status_code == 302
    assert client.post("/duties/install/", {"template": "metric-audit"}).status_code == 302
    assert client.post("/duties/install/").status_code == 302
    assert Duty.objects.filter(ended_at=None).exclude(template="").count() == 7


def test_duties_by_api(client, due, carol):
    sign_in(client, "alice")
    assert [d["name"] for d in client.get("/api/v1/duties").json()] == ["Weekly look"]
    (card,) = client.get("/api/v1/duties/due?mine=true").json()
    detail = client.get(f"/api/v1/duties/due/{card['occurrence_id']}").json()
    assert [part["name"] for part in detail["evidence"]] == ["plans"]
    address = f"/api/v1/duties/due/{card['occurrence_id']}/sign"
    assert post(client, address, {"evidence_sha256": "short"}).status_code == 422
    assert post(client, address, {"evidence_sha256": card["evidence_sha256"]}).json()["due_date"]["state"] == "signed"
    assert post(client, address, {"evidence_sha256": card["evidence_sha256"]}).status_code == 409
    sign_in(client, "carol")
    body = {"name": "Month end", "owner": "role:auditor", "statement": "Done."}
    assert post(client, "/api/v1/duties", body | {"rule": {"cadence": "monthly", "day": 31}}).status_code == 201
    assert post(client, "/api/v1/duties", body | {"rule": {"cadence": "monthly"}}).status_code == 422
    made = post(client, "/api/v1/duties/templates/install", {"templates": ["metric-audit"]})
    assert (made.status_code, [d["template"] for d in made.json()]) == (201, ["metric-audit"])
    address = f"/api/v1/duties/{made.json()[0]['duty_id']}"
    assert post(client, f"{address}/assign", {"owner": carol.key, "reason": "So."}).json()["owner"] == carol.key
    assert post(client, f"{address}/end", {"reason": "So."}).json()["ended_at"]


def test_duties_by_command(command, due, carol):
    found = command("decisions", "duties", "list", "--mine", as_name="alice")[1]
    assert [d["name"] for d in found["due_dates"]] == ["Weekly look"]
    assert "Weekly look" in command("decisions", "duties", "list", as_name="alice", plain=True)[1]
    assert "I looked." in command("decisions", "duties", "show", due.pk, as_name="alice", plain=True)[1]
    assert command("decisions", "duties", "sign", due.pk, as_name="carol")[0] == 1
    status, signed = command("decisions", "duties", "sign", due.pk, "--remark", "Fine.", as_name="alice")
    assert (status, signed["due_date"]["remark"]) == (0, "Fine.")
    assert command("decisions", "duties", "templates", as_name="carol")[1]["templates"][0]["key"] == "account-review"
    made = command("decisions", "duties", "templates", "--install", "metric-audit", as_name="carol")[1]["duties"]
    words = (
        "--owner",
        "role:auditor",
        "--cadence",
        "quarterly",
        "--month",
        3,
        "--business-day",
        -1,
        "--statement",
        "Ok.",
    )
    added = command("decisions", "duties", "add", "Quarter end", *words, as_name="carol")[1]["duty"]
    assert "the last business day of month 3" in added["rhythm"]
    for verb in (("assign", made[0]["duty_id"], carol.key), ("end", made[0]["duty_id"])):
        assert command("decisions", "duties", *verb, "--reason", "So.", as_name="carol")[0] == 0
    assert command("decisions", "duties", "keep", as_name="erin" if enter("erin") else "")[1]["escalated"] == 0
    assert command("decisions", "duties", "keep", as_name="alice")[0] == 1
