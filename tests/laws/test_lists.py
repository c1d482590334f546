"""Every long list, in every order: pages join to the whole, whatever is added between two of them, from an index."""

import csv
import io
import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.cast import sign_in, token_of
from tests.laws.long_lists import LISTS

from closeknit.kernel.errors import Invalid
from closeknit.kernel.ids import new_id
from closeknit.kernel.keyset import Order, page_after
from closeknit.web import boot, cli

pytestmark = pytest.mark.django_db
NAMES = list(LISTS)


@pytest.fixture
def rows(accounts):
    """Thirteen rows of each list, about ACME and BOLT in turns."""

    def fill(name, numbers=range(13)):
        for number in numbers:
            LISTS[name].add(number, ("ACME", "BOLT")[number % 2])
        return LISTS[name]

    return fill


@pytest.mark.parametrize("name", NAMES)
def test_pages_join_to_the_whole_in_any_order(alice, bob, rows, name):
    found = rows(name)
    own_set = set(found.keys(by=bob, limit=1000))
    for sort in both_ways(found):
        whole = found.keys(by=alice, sort=sort, limit=1000)
        assert found.paged(3, by=alice, sort=sort) == whole, sort
        assert len(set(whole)) == len(whole) >= 10
        own = found.paged(2, by=bob, sort=sort)
        assert sorted(own) == sorted(own_set), sort
        assert 0 < len(own) < len(whole)


@pytest.mark.parametrize("name", NAMES)
def test_the_other_way_is_the_same_list_turned_but_for_what_lacks_a_value(alice, rows, name):
    found = rows(name)
    lacking = {"accounts": ("since", "since_at"), "contracts": ("until", "ends_on")}.get(name, ("", ""))
    for sort in found.orders():
        forth, back = (found.keys(by=alice, sort=way + sort, limit=1000) for way in ("", "-"))
        known = len(forth)
        if sort == lacking[0]:
            known = sum(getattr(card, lacking[1]) is not None for card in found.read(by=alice, sort=sort, limit=1000))
            assert 0 < known < len(forth)
        assert forth[:known] == back[:known][::-1], sort
        assert set(forth[known:]) == set(back[known:]), "what lacks a value comes last either way"


@pytest.mark.parametrize("name", NAMES)
def test_rows_added_between_two_pages_lose_and_double_none(alice, rows, name):
    found = rows(name, range(9))
    before = set(found.keys(by=alice, limit=1000))
    for sort in both_ways(found):
        with transaction.atomic():
            paged = found.keys(by=alice, sort=sort, limit=4)
            rows(name, range(9, 15))
            while page := found.keys(by=alice, sort=sort, after=paged[-1], limit=4):
                paged += page
            transaction.set_rollback(True)
        assert len(set(paged)) == len(paged), sort
        missed = before - set(paged)
        # The oldest thread moved meanwhile: it stands among the newest now, before or behind the place.
        assert len(missed) <= (name == "threads" and sort.endswith("moved")), sort


@pytest.mark.parametrize("name", NAMES)
def test_every_page_of_every_order_is_read_from_an_index(alice, rows, name):
    found = rows(name)
    for sort in both_ways(found):
        with CaptureQueriesContext(connection) as asked:
            keys = found.keys(by=alice, sort=sort, limit=5)
            found.keys(by=alice, sort=sort, after=keys[-1], limit=100)
        listing = [q["sql"] for q in asked.captured_queries if re.search(r"LIMIT \d+$", q["sql"])]
        listing = [sql for sql in listing if not sql.endswith("LIMIT 1")]
        assert listing
        assert not [plan for plan in map(plan_of, listing) if "Sort" in plan], sort


def test_an_order_without_an_index_would_be_seen(alice, rows):
    from closeknit.rooms.decisions.models import ExceptionRow

    rows("exceptions")
    every = ExceptionRow.objects.all()
    with CaptureQueriesContext(connection) as asked:
        page_after(every, Order("requested_by_name"), key="id", after="", of=every, limit=5)
    assert "Sort" in plan_of(asked.captured_queries[0]["sql"])


@pytest.mark.parametrize("name", NAMES)
def test_what_a_list_cannot_do_is_refused_by_every_entrance(client, alice, bob, rows, name, capsys, monkeypatch):
    found = rows(name, range(3))
    sort = next(order for order in found.orders() if order not in ("number", "line"))
    refused = [{"sort": "worth"}, {"sort": "--" + sort}, {"sort": sort, "after": str(new_id())}]
    sign_in(client, "alice")
    bearer = {"Authorization": f"Bearer {token_of('alice')}"}
    for asked in refused:
        with pytest.raises(Invalid):
            found.read(by=alice, **asked)
        assert client.get(found.page, asked).status_code == 422
        assert client.get(f"/api/v1/{found.api}", asked, headers=bearer).status_code == 422
    if found.command:
        monkeypatch.setattr(boot, "prepare", lambda *_, **__: None)
        assert cli.main([*found.command, "--as", "alice", "--sort=worth"]) == 1
        assert "cannot be sorted" in "".join(capsys.readouterr())


@pytest.mark.parametrize("name", NAMES)
def test_a_list_does_not_go_on_from_what_the_reader_may_not_see(alice, bob, rows, name):
    found = rows(name)
    sort = next(order for order in found.orders() if order not in ("number", "line", "began"))
    unseen = sorted(set(found.keys(by=alice, limit=1000)) - set(found.keys(by=bob, limit=1000)))[0]
    with pytest.raises(Invalid) as refusal:
        found.read(by=bob, sort=sort, after=unseen)
    assert refusal.value.where == "after"
    assert found.read(by=alice, sort=sort, after=unseen) is not None


@pytest.mark.parametrize("name", NAMES)
def test_pages_api_commands_and_files_have_the_same_order(client, alice, rows, name, capsys, monkeypatch):
    found = rows(name)
    for sort in both_ways(found):
        wanted = found.keys(by=alice, sort=sort, limit=1000)
        bearer = {"Authorization": f"Bearer {token_of('alice')}"}
        answer = client.get(f"/api/v1/{found.api}", {"sort": sort, "limit": 4, "after": wanted[2]}, headers=bearer)
        assert [str(card[found.key]) for card in answer.json()] == wanted[3:7]
        if found.command:
            monkeypatch.setattr(boot, "prepare", lambda *_, **__: None)
            assert cli.main([*found.command, "--json", "--as", "alice", f"--sort={sort}", "--limit", "3"]) == 0
            said = capsys.readouterr().out
            places = [said.index(f'"{key}"' if name != "ledger" else f'"entry_id": {key}') for key in wanted[:3]]
            assert places == sorted(places)
    sign_in(client, "alice")
    table = table_of(client.get(found.page, {"sort": sort, "format": "csv"}))
    column = "entry" if name == "ledger" else found.key
    assert [row[column] for row in table] == wanted


@pytest.mark.parametrize("name", [*NAMES, "feeds"])
def test_a_page_shows_the_columns_that_were_chosen_and_keeps_them_in_a_view(client, alice, rows, name):
    page = "/feeds/"
    if name == "feeds":
        from closeknit.web.tests.scene import add_feed

        add_feed()
    else:
        rows(name, range(3))
        page = LISTS[name].page
    sign_in(client, "alice")
    plain = client.get(page)
    columns = plain.context["listing"].columns
    fixed = [column for column in columns if column.is_fixed]
    free = [column for column in columns if not column.is_fixed]
    assert fixed
    assert heads(plain) == [column.title for column in columns if column.is_fixed or column.is_shown]
    hidden = [column for column in columns if not column.is_shown]
    assert hidden, "a list has columns beyond what it shows by default"
    chosen = [free[0].name, hidden[-1].name]
    shown = client.get(page, {"column": chosen})
    wanted = [column.title for column in columns if column.is_fixed or column.name in chosen]
    assert heads(shown) == wanted
    assert shown.content.decode().count("<td") % (len(wanted) - 1) == 0
    kept = client.post(
        "/you/views/keep/",
        {"place": shown.resolver_match.url_name, "name": "Mine", "query": f"column={chosen[0]}&column={chosen[1]}"},
    )
    assert heads(client.get(kept["Location"])) == wanted
    assert "Mine" in client.get(page).content.decode()
    whole = table_of(client.get(page, {"format": "csv", "column": chosen}))
    only = table_of(client.get(page, {"format": "csv", "column": chosen, "only": "shown"}))
    said = {field for column in columns if column.is_fixed or column.name in chosen for field in column.fields}
    assert set(only[0]) == said < set(whole[0])
    assert [{key: row[key] for key in only[0]} for row in whole] == only


def both_ways(found):
    """Every order of a list, and it backwards."""
    return [way + order for order in found.orders() for way in ("", "-")]


def plan_of(sql):
    """How the database would answer; one this small sorts sooner than it reads in order, so that is forbidden it."""
    with connection.cursor() as cursor:
        cursor.execute("set local enable_sort = off; set local enable_incremental_sort = off")
        cursor.execute("explain " + sql.replace("%", "%%"))
        return "\n".join(row[0] for row in cursor.fetchall())


def heads(answer):
    """The titles of the first table's heads, in order, without the arrow of the order."""
    head = answer.content.decode().split("<thead>", 1)[1].split("</thead>", 1)[0]
    titles = re.findall(r"<th[^>]*>(.*?)</th>", head)
    return [re.sub(r"<[^>]+>| [↑↓]", "", title) for title in titles]


def table_of(answer):
    """The rows of a CSV file, by name."""
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))
