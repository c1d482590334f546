"""The database hides what the application must not see: under its role, with the scope of who acts, row by row."""

import random
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import ProgrammingError, connection, transaction
from tests.roles import as_owner

from closeknit.kernel.actor import Actor, Grant, Hat, Lent, Place, Scope
from closeknit.kernel.scope import acting_as
from closeknit.rooms.org.reads import system_actor
from closeknit.web.tests import scene

SOURCE = Path(__file__).resolve().parents[2] / "src" / "closeknit"
NOBODY = Actor(key="nobody", name="Nobody")

# What is protected though no column is named after an account or a team. Never shrinks.
ALSO_PROTECTED = {
    "customers_doubt",
    "customers_match",
    "customers_merge",
    "customers_record_version",
    "decisions_escalation_step",
    "decisions_ledger_entry",
    "decisions_proposal_answer",
    "org_setting_value",
    "privacy_consent",
    "privacy_hold",
    "privacy_refused_use",
    "privacy_request",
    "sensing_fact",
    "sensing_quarantined",
}
# Read before anyone's scope is known, because the scope comes from there. Only shrinks.
OPEN = {"org_grant"}
# Where the program sees every row whoever asked, and why it may. Only shrinks.
ELEVATIONS: dict[str, str] = {
    "kernel/jobs.py": "the worker's own upkeep: sealing, timers, sending",
    "kernel/outbound/lanes.py": "the worker's sending, on threads of its own",
    "kernel/roles.py": "the owner, while migrating",
    "rooms/agreements/actions/draft_contract.py": "tells that a number is taken, also by a contract out of sight",
    "rooms/capacity/actions/propose_quote.py": "a proposal tells its deciders whom it takes from, also out of sight",
    "rooms/capacity/reads/buffers.py": "what an account's stock costs comes from one sizing for all; shown by scope",
    "rooms/capacity/reads/plans.py": "weighs the claims of accounts out of sight, to tell which totals may be shown",
    "rooms/capacity/reads/what_if.py": "which share of its tier's work an account brings: others are only summed",
    "rooms/decisions/actions/close_escalation.py": "a cause is closed for everybody, also who may not see the account",
    "rooms/decisions/actions/notify.py": "one notice per person and cause, whoever tells the person again",
    "rooms/decisions/actions/raise_escalation.py": "never two open for one cause, whoever raises the second",
    "rooms/privacy/actions/apply_retention.py": "the worker's own upkeep: what is old goes, whomever it is about",
    "rooms/privacy/actions/decide_with.py": "a subject's no counts for whoever decides, also who does not see it said",
    "rooms/privacy/actions/erase_subject.py": "an erasure reaches every row about its subject",
    "rooms/privacy/actions/pass_gate.py": "a hold or request keeps data from whoever wants to delete them",
    "rooms/privacy/reads/personal_tables.py": "who answers a request of access gathers all rows about its subject",
    "rooms/demand/reads/overrides.py": "an account's share of its tier's forecast: others are only summed",
}

UNPROTECTED = """
select c.relname from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
   and (c.relname = any(%(also)s) or exists (
        select from pg_attribute a where a.attrelid = c.oid and a.attname in ('account_number', 'team_id')))
   and not (c.relrowsecurity and c.relforcerowsecurity
            and exists (select from pg_policy p where p.polrelid = c.oid))
   and c.relname <> all(%(open)s) order by 1
"""
LEAKY_VIEWS = """
select relname from pg_class where relnamespace = 'public'::regnamespace
   and (relkind = 'm' or relkind = 'v' and not coalesce('security_invoker=true' = any(reloptions), false)) order by 1
"""
STRONG = """
select rolname from pg_roles where rolname = 'closeknit_app'
   and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
union all select relname from pg_class where relowner = 'closeknit_app'::regrole
union all select roleid::regrole::text from pg_auth_members where member = 'closeknit_app'::regrole
"""


def faults() -> list[str]:
    """Say everything in the catalogue by which a row could be seen past the policies."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(UNPROTECTED, {"also": sorted(ALSO_PROTECTED), "open": sorted(OPEN)})
        found += [f"{name} has no forced row security" for (name,) in cursor.fetchall()]
        cursor.execute(LEAKY_VIEWS)
        found += [f"{name} shows rows with its owner's rights" for (name,) in cursor.fetchall()]
        cursor.execute(STRONG)
        found += [f"the application's role is too strong: {name}" for (name,) in cursor.fetchall()]
    return found


def protected() -> list[str]:
    """Name every table with row security."""
    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relrowsecurity order by 1")
        return [name for (name,) in cursor.fetchall()]


def count(table: str) -> int:
    """Count the rows of a table that this connection sees."""
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return int(cursor.fetchone()[0])


@contextmanager
def nothing_set() -> Iterator[None]:
    """Take the scope off the connection, as on a new one in real life."""
    with connection.cursor() as cursor:
        cursor.execute("set local closeknit.scope = ''")
        yield
        cursor.execute("set local closeknit.scope = 'all'")


def test_the_suite_itself_runs_under_the_applications_role(db):
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_setting('is_superuser')")
        assert cursor.fetchone() == ("closeknit_app", "off")


def test_every_table_with_customers_data_is_protected_and_the_role_is_weak(db):
    assert faults() == []
    assert set(protected()) >= ALSO_PROTECTED
    assert len(protected()) >= 18


@pytest.mark.parametrize(
    ("break_in", "fault"),
    [
        ("alter table customers_account no force row level security", "customers_account has no forced row security"),
        ("alter table sensing_work disable row level security", "sensing_work has no forced row security"),
        ("create table twin (account_number text)", "twin has no forced row security"),
        ("create view twin as select * from customers_account", "twin shows rows with its owner's rights"),
        ("create materialized view twin as select 1 as one", "twin shows rows with its owner's rights"),
        ("alter role closeknit_app bypassrls", "the application's role is too strong: closeknit_app"),
        ("alter table customers_account owner to closeknit_app", "the application's role is too strong: "),
        ("grant pg_read_all_data to closeknit_app", "the application's role is too strong: pg_read_all_data"),
    ],
)
def test_red_twin_each_way_past_the_policies_is_seen(db, break_in, fault):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(break_in)
    assert any(found.startswith(fault) for found in faults())


def test_a_view_with_the_readers_own_rights_is_no_fault(db):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("create view twin with (security_invoker = true) as select * from customers_account")
    assert faults() == []


def test_nothing_set_shows_nothing(accounts, alice):
    scene.build(accounts, alice)
    full = [table for table in protected() if count(table)]
    assert len(full) >= 8, "the scene fills most protected tables"
    with nothing_set():
        # What is set for no single account is read before anyone signs in.
        assert {table: count(table) for table in full} == dict.fromkeys(full, 0)


def test_each_reader_sees_the_rows_of_the_accounts_in_scope(accounts, alice, bob, carol, dave, gina):
    scene.build(accounts, alice)
    tables = ("customers_account", "outcomes_board_line", "capacity_claim_week")
    seen = {}
    for actor in (alice, bob, carol, dave, gina, NOBODY):
        with acting_as(actor):
            seen[actor.name.split()[0]] = tuple(count(table) for table in tables)
    assert seen == {
        "Alice": (3, 3, 3),
        "Bob": (1, 1, 1),
        "Carol": (3, 3, 3),
        "Dave": (0, 0, 0),
        "Gina": (1, 1, 1),
        "Nobody": (0, 0, 0),
    }


def test_a_ledger_line_is_seen_with_its_account_and_the_companys_own_by_who_sees_all(accounts, alice, bob, gina):
    scene.build(accounts, alice)
    every = count("decisions_ledger_entry")
    with acting_as(bob):
        lines = count("decisions_ledger_entry")
    with acting_as(bob), connection.cursor() as cursor:
        cursor.execute("select distinct account_number from decisions_subject_key where account_number <> ''")
        assert cursor.fetchall() == [("ACME",)]
    assert 1 <= lines < every
    with acting_as(gina):
        assert count("decisions_ledger_entry") == lines


def test_standing_terms_are_seen_by_everybody_who_acts(accounts, alice, bob):
    scene.build(accounts, alice)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into agreements_contract (contract_number, account_number) values ('S-1', ''), ('C-2', 'BOLT')"
        )
    with acting_as(bob), connection.cursor() as cursor:
        cursor.execute("select contract_number from agreements_contract order by 1")
        assert cursor.fetchall() == [("C-1",), ("S-1",)]


def test_an_account_that_moves_takes_its_rows_along(accounts, bob):
    from closeknit.rooms.org.models import AccountPlace

    with acting_as(bob):
        assert count("customers_account") == 1
    AccountPlace.objects.filter(account_number="ACME").update(team=accounts["BOLT"].team)
    with acting_as(bob):
        assert count("customers_account") == 0


def test_what_is_not_seen_cannot_be_changed_or_deleted(accounts, bob):
    with acting_as(bob), connection.cursor() as cursor:
        cursor.execute("update customers_account set name = 'mine' where account_number = 'BOLT'")
        assert cursor.rowcount == 0
        cursor.execute("delete from outcomes_board_line where account_number = 'BOLT'")
        assert cursor.rowcount == 0


@pytest.mark.parametrize("table", ["entry", "leaf", "node", "checkpoint"])
@pytest.mark.parametrize(
    "statement",
    [
        "update {} set {column} = {column}",
        "delete from {}",
        "truncate {}",
        "alter table {} disable trigger ledger_only_grows",
        "alter table {} disable trigger all",
        "alter table {} disable row level security",
        "drop table {}",
        "create trigger mine before insert on {} for each row execute function decisions_ledger_refuse()",
    ],
)
def test_the_application_may_only_add_to_the_ledger(db, table, statement):
    column = {"entry": "kind", "leaf": "number", "node": "level", "checkpoint": "size"}[table]
    refused = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(f"decisions_ledger_{table}", column=column))


@pytest.mark.parametrize(
    "statement",
    [
        "set session_replication_role = replica",
        "set row_security = off; select count(*) from customers_account",
        "create table mine (a int)",
        "create policy mine on customers_account using (true)",
        "drop policy row_security on customers_account",
        "alter role closeknit_app superuser",
        "insert into django_migrations (app, name, applied) values ('org', 'x', now())",
        "copy (select 1) to program 'true'",
        "select pg_read_file('/etc/passwd')",
    ],
)
def test_the_application_cannot_lift_its_own_fence(db, statement):
    refused = r"permission denied|must be owner|must be superuser|must have|affected by row-level security"
    with pytest.raises(ProgrammingError, match=refused), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_red_twin_an_owner_without_force_a_plain_view_and_a_superuser_see_all(db):
    """The three facts of PostgreSQL that the fence stands on, on a table of the test's own."""
    name = f"twin_{uuid.uuid4().hex[:8]}"
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"create role {name} nologin")
        cursor.execute(f"create table {name} (account_number text)")
        cursor.execute(f"insert into {name} values ('ACME')")
        cursor.execute(f"create policy p on {name} using (org_sees_account(account_number))")
        cursor.execute(f"alter table {name} enable row level security")
        cursor.execute(f"create view {name}_plain as select * from {name}")
        cursor.execute(f"create view {name}_invoker with (security_invoker) as select * from {name}")
        cursor.execute(f"create materialized view {name}_stored as select * from {name}")
        cursor.execute(f"grant select on {name}_plain, {name}_invoker, {name}_stored to closeknit_app")
        cursor.execute("set local closeknit.scope = '{}'")
        assert count(name) == 1, "a superuser sees past every policy"
        cursor.execute(f"alter table {name} owner to {name}")
        cursor.execute(f"grant usage on schema public to {name}")
        cursor.execute(f"grant select on org_account_place to {name}")
        cursor.execute(f"set local role {name}")
        assert count(name) == 1, "an owner sees all without FORCE"
        cursor.execute(f"alter table {name} force row level security")
        assert count(name) == 0
        cursor.execute("set local role none")
    assert (count(f"{name}_plain"), count(f"{name}_stored"), count(f"{name}_invoker")) == (1, 1, 0)


def random_actor(rng: random.Random, teams: list[int]) -> Actor:
    """Make someone with a few hats, own and lent, some of which let accounts be read."""

    def scope() -> Scope:
        grants = frozenset(
            Grant(
                team_id=rng.choice([None, None, *teams]),
                region=rng.choice(["", "", "north", "süd", 'a"b']),
                account_number=rng.choice(["", "", "", "A-1", "A-2", "A,3", "{x}"]),
            )
            for _ in range(rng.randrange(4))
        )
        return Scope(rng.random() < 0.05, grants)

    def permissions() -> frozenset[str]:
        return frozenset(p for p in ("accounts.read", "capacity.read") if rng.random() < 0.7)

    own = tuple(Hat(permissions(), scope()) for _ in range(rng.randrange(3)))
    everything = frozenset(p for hat in own for p in hat.permissions)
    ends = scene.NOW
    lent = tuple(Lent("person:9", "Carol", permissions(), scope(), ends) for _ in range(rng.randrange(2)))
    return Actor(
        key="person:1", name="Someone", permissions=everything, own=own or (Hat(frozenset(), Scope()),), lent=lent
    )


def test_twenty_thousand_random_cases_agree_with_the_actors_own_scope(db):
    """The rule in Python (what reads ask) and the rule in the database (what policies ask) never differ."""
    from closeknit.rooms.org.models import AccountPlace, Team

    rng = random.Random(20261122)
    teams = [Team.objects.create(name=name).pk for name in ("North", "South", "West")]
    numbers = ["A-1", "A-2", "A,3", "{x}", *(f"N{n}" for n in range(96))]
    places = [Place(n, rng.choice([None, *teams]), rng.choice(["", "north", "süd", 'a"b'])) for n in numbers]
    AccountPlace.objects.bulk_create(
        AccountPlace(account_number=p.account_number, team_id=p.team_id, region=p.region) for p in places
    )
    allowed_total = 0
    for _ in range(200):
        actor = random_actor(rng, teams)
        allowed = {p.account_number for p in places if actor.may_at("accounts.read", p)}
        with acting_as(actor), connection.cursor() as cursor:
            cursor.execute("select account_number from org_account_place")
            assert {number for (number,) in cursor.fetchall()} == allowed, actor
        allowed_total += len(allowed)
    assert 2_000 < allowed_total < 18_000, "both answers are tried"


def test_every_elevation_is_in_the_list():
    found = set()
    for path in SOURCE.rglob("*.py"):
        if "tests" in path.parts or path.name == "scope.py":
            continue
        if re.search(r"acting_as\((org\.)?(system_actor|get_actor\(SYSTEM)|seeing_everything\(\)", path.read_text()):
            found.add(str(path.relative_to(SOURCE)))
    assert found == set(ELEVATIONS), "see the reason there, or take the line away"


def test_red_twin_of_the_elevations_list_is_the_system_itself(accounts, bob):
    with acting_as(bob), acting_as(system_actor()):
        assert count("customers_account") == 3
