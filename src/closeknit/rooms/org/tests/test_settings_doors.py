"""Settings by page, API and command: the same values, the same refusals, by every entrance."""

import csv
import io
import json

import pytest
from tests.cast import enter, sign_in

from closeknit.kernel import clock, events
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.models import SettingValueRow
from closeknit.web import boot, cli

KEY = "capacity.handle_minutes_measured_from"
UNITS = "demand.own_series_units"


@pytest.fixture
def here(monkeypatch):
    """The command line within this process and its database."""
    monkeypatch.setattr(boot, "prepare", lambda **_: None)


def run(capsys, *words):
    status = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out, said.err


def put(key, value, level="global", place="", reason="For the tests.", by="erin"):
    return set_setting(key, value, level=level, place=place, reason=reason, by=enter(by), at=clock.now())


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_every_setting_with_its_value_and_deviations(client, carol, acme):
    put(KEY, 70)
    put(KEY, 50, "region", "north")
    sign_in(client, "carol")
    html = page(client, "/settings/")
    assert "70 units of work" in html
    assert f'href="/settings/deviations/?key={KEY}">1<' in html
    assert page(client, "/settings/?search=planning_weeks").count("<tr>") == 2
    assert "No setting matches" in page(client, "/settings/?search=nothing-such")


def test_a_setting_says_why_it_is_what_it_is_somewhere(client, carol, acme):
    put(KEY, 70, reason="Orders are small.")
    put(KEY, 50, "region", "north", reason="The north has few orders.")
    sign_in(client, "carol")
    html = page(client, f"/settings/{KEY}/?region=north")
    assert "50 units of work" in html
    assert "The north has few orders." in html
    assert "Orders are small." in html
    assert "100 units of work" in html
    assert "The default stands everywhere" in page(client, f"/settings/{UNITS}/")


def test_a_lead_sets_keeps_and_ends_a_local_value_by_the_page(client, carol, acme):
    sign_in(client, "carol")
    form = {"value": "40", "level": "region", "place": "north", "reason": "Fewer orders."}
    assert client.post(f"/settings/{KEY}/set/", form).status_code == 302
    value = SettingValueRow.objects.get()
    assert (value.value, value.place, value.set_by_name) == (40, "north", "Carol Lead")
    kept = client.post(f"/settings/values/{value.pk}/review/", {"review_on": "2099-01-01", "reason": "Right."})
    assert kept.status_code == 302
    html = page(client, "/settings/deviations/")
    assert "40 units of work" in html
    assert "1 Jan 2099" in html
    assert client.post(f"/settings/values/{value.pk}/end/", {"reason": "Over."}).status_code == 302
    assert "Every place follows the global values" in page(client, "/settings/deviations/")


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"value": "many"}, 422), ({"value": ""}, 422), ({"reason": ""}, 422), ({"level": "global", "place": ""}, 403)],
)
def test_the_page_refuses_and_changes_nothing(client, carol, changes, status):
    sign_in(client, "carol")
    form = {"value": "40", "level": "region", "place": "north", "reason": "So.", **changes}
    answer = client.post(f"/settings/{KEY}/set/", form)
    assert answer.status_code == status
    assert b"Nothing was changed." in answer.content
    assert not SettingValueRow.objects.exists()


def test_who_may_not_set_sees_no_form_for_it(client, alice, acme):
    put(KEY, 50, "region", "north")
    sign_in(client, "alice")
    html = page(client, f"/settings/{KEY}/") + page(client, "/settings/deviations/")
    assert "/set/" not in html
    assert "/end/" not in html


def test_an_account_managers_pages_hold_nothing_of_other_accounts(client, bob, acme, bolt):
    put(UNITS, 5.0, "account", "ACME", reason="Ours.")
    put(UNITS, 6.0, "account", "BOLT", reason="Theirs.")
    sign_in(client, "bob")
    exported = b"".join(client.get("/settings/deviations/?format=csv").streaming_content).decode()
    pages = page(client, "/settings/deviations/") + page(client, f"/settings/{UNITS}/") + exported
    api = client.get(f"/api/v1/settings/{UNITS}/values").content.decode()
    api += client.get("/api/v1/settings/deviations").content.decode()
    for text in (pages, api):
        assert "Ours." in text
        assert "Theirs." not in text
        assert "BOLT" not in text
    answers = [client.get(f"/api/v1/settings/{UNITS}?account_number={n}").json() for n in ("BOLT", "NONE")]
    assert [a["detail"] for a in answers] == ["There is no such account."] * 2


def test_the_export_has_a_row_for_each_deviation(client, alice, acme):
    put(KEY, 50, "region", "=north", reason="=1+1")
    sign_in(client, "alice")
    text = b"".join(client.get("/settings/deviations/?format=csv").streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["setting"], row["value"], row["global_value"], row["set_by"]) == (KEY, "50", "100", "Erin Admin")
    assert (row["place"], row["reason"]) == ("'=north", "'=1+1")


def test_the_api_sets_resolves_and_ends(client, erin, acme):
    sign_in(client, "erin")
    made = client.post(
        f"/api/v1/settings/{UNITS}/values",
        json.dumps({"value": 5, "level": "account", "place": "ACME", "reason": "Small but dear.", "seen_id": 0}),
        content_type="application/json",
        headers={"X-CSRFToken": _token(client)},
    )
    assert made.status_code == 201
    found = client.get(f"/api/v1/settings/{UNITS}?account_number=ACME").json()
    assert (found["value"], found["level"], found["who"]) == (5.0, "account", "Erin Admin")
    assert [said["wins"] for said in found["chain"]] == [False, False, True] or found["chain"][-1]["wins"]
    (value,) = client.get(f"/api/v1/settings/{UNITS}/values?level=account&place=ACME").json()
    assert value["reason"] == "Small but dear."
    line = next(s for s in client.get("/api/v1/settings").json() if s["setting"]["key"] == UNITS)
    assert (line["value"], line["level"], line["deviations"]) == (30.0, "default", 1)


def _token(client):
    client.get("/settings/")
    return next((morsel.value for name, morsel in client.cookies.items() if "csrf" in name), "")


@pytest.mark.parametrize("value", ['"5"', "true", "null", "[5]", '{"a":1}', "0.5", "1e999", "-1"])
def test_the_api_refuses_other_types_and_what_is_out_of_bounds(client, erin, value):
    sign_in(client, "erin")
    body = f'{{"value": {value}, "reason": "So."}}'
    answer = client.post(f"/api/v1/settings/{UNITS}/values", body, content_type="application/json")
    assert answer.status_code in (400, 422), answer.content
    assert not SettingValueRow.objects.exists()


def test_the_command_sets_shows_and_ends(here, capsys, carol, acme):
    status, out, err = run(
        capsys, "org", "settings", "set", KEY, "40", "--region", "north", "--reason", "Few.", "--as", "carol"
    )
    assert (status, err) == (0, "")
    assert out.startswith(f"{KEY} is 40 units of work for region north (value ")
    value_id = SettingValueRow.objects.get().pk
    status, out, _ = run(capsys, "org", "settings", "show", KEY, "--region", "north", "--as", "carol")
    assert status == 0
    assert "> region north: 40 units of work by Carol Lead: Few." in out
    status, out, _ = run(capsys, "org", "settings", "deviations", "--json")
    (deviation,) = json.loads(out)["deviations"]
    assert (deviation["value"]["value"], deviation["global_value"]) == (40, 100)
    status, out, _ = run(
        capsys, "org", "settings", "review", value_id, "--until", "2099-01-01", "--reason", "Right.", "--as", "carol"
    )
    assert (status, out) == (0, f"Kept: {KEY} for region north.\n")
    status, out, _ = run(capsys, "org", "settings", "end", value_id, "--reason", "Over.", "--as", "carol", "--json")
    assert (status, json.loads(out)["schema"]) == (0, "closeknit.setting-value/1")
    status, out, _ = run(capsys, "org", "settings", "deviations")
    assert (status, out) == (0, "Every place follows the global values.\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((KEY, "many", "--reason", "x"), "invalid"),
        ((KEY, "0", "--reason", "x"), "invalid"),
        (("no.such", "1", "--reason", "x"), "not_found"),
        ((KEY, "9", "--account", "ACME", "--reason", "x"), "invalid"),
        ((UNITS, "9", "--account", "NONE", "--reason", "x"), "not_found"),
        ((KEY, "9", "--reason", ""), "invalid"),
        ((KEY, "9", "--reason", "x", "--as", "carol"), "denied"),
        ((KEY, "9", "--region", "north", "--reason", "x", "--as", "bob"), "denied"),
    ],
)
def test_the_command_refuses_with_a_code(here, capsys, carol, bob, acme, words, code):
    status, out, err = run(capsys, "org", "settings", "set", *words, "--json")
    assert (status, json.loads(out)["code"]) == (1, code), err
    assert not SettingValueRow.objects.exists()


def test_a_change_is_on_its_thread_for_the_page_that_asks_why(client, carol, acme):
    value = put(KEY, 50, "region", "north", reason="Because of the ledger.", by="carol")
    while events.deliver():
        continue
    sign_in(client, "carol")
    thread = reads.get_setting_value(value, by=carol).thread_id
    assert "Because of the ledger." in page(client, f"/threads/{thread}/")
    assert f"/threads/{thread}/" in page(client, "/settings/deviations/")
