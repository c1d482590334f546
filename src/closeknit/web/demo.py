"""`./run demo`: the sample company, loaded, planned and served, with people to sign in as."""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from closeknit.demo import CompanySpec, generate, last_monday

PEOPLE = (
    ("alice", "Alice Moreau", ("planner",), "plans: sees every account, prices and feeds"),
    ("bob", "Bob Keller", ("account-manager",), "sells: sees the accounts of his own team"),
    ("carol", "Carol Lindqvist", ("service-lead",), "approves: decides what policy leaves to a person"),
    ("olga", "Olga Brandt", ("executive",), "leads: asked when others are away or disagree"),
    ("frank", "Frank Osei", ("auditor",), "audits: sees everything, changes nothing"),
    ("erin", "Erin Novak", ("admin",), "keeps the house: people, settings, policy"),
    ("gina", "Gina Park", ("customer",), "reads for one customer: its own promises only"),
    ("dave", "Dave Outside", (), "is outside: may see nothing"),
)
WEEKS_AHEAD = 8


def main() -> int:
    """Set up the demo where it is not there yet, then serve it."""
    parser = argparse.ArgumentParser(prog="run demo", description="Load, plan and serve the sample company.")
    parser.add_argument("--accounts", type=int, default=400)
    parser.add_argument("--weeks", type=int, default=104)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--no-serve", action="store_true", help="stop when the company is planned")
    args = parser.parse_args()
    # Whoever looks around a sample company should not have to sign in again after every pause.
    os.environ.setdefault("CLOSEKNIT_IDLE_MINUTES", "720")
    from closeknit.web import boot

    with step("Starting PostgreSQL and bringing its tables up to date"):
        boot.prepare(migrate=True)
    from closeknit.kernel.scope import acting_as
    from closeknit.rooms.org.reads import console_actor
    from closeknit.web.serve import choose_port, serve
    from closeknit.web.settings import HOME

    with acting_as(console_actor()):
        if not _is_ready():
            company = HOME / "sample-company"
            load_company(company, CompanySpec(args.seed, args.accounts, args.weeks, _today_monday()))
            # Before the plans: who is asked to decide must be there when they are proposed.
            prepare_people(HOME)
            plan_company()
            spend_a_day()
            roster_people()
        else:
            print("  The sample company is there already (./run reset starts anew).")
    if args.no_serve:
        return 0
    _print_people(HOME)
    return serve(port=args.port or choose_port())


def load_company(folder: Path, spec: CompanySpec) -> None:
    """Write the company's files and load them through the front door."""
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.org.reads import console_actor
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    by = console_actor()
    with step(f"Writing the sample company: {spec.accounts} accounts, {spec.weeks} weeks"):
        generate(spec, folder)
    with step("Loading its files through the front door"):
        load_recipe("sample-company", folder, by=by, at=clock.now())
        jobs.run_until_idle()


def plan_company() -> None:
    """Run the main job for each operation."""
    from closeknit.kernel import jobs
    from closeknit.rooms.capacity import reads as capacity
    from closeknit.rooms.capacity.actions.start_plan import start_plan
    from closeknit.rooms.org.reads import console_actor

    by = console_actor()
    for operation in capacity.list_operations_planned(by=by):
        with step(f"Planning {operation}: forecast, need, allocation, prices"):
            start_plan(operation, weeks=WEEKS_AHEAD, by=by)
            jobs.run_until_idle()


def prepare_people(home: Path) -> None:
    """Create the demo's people, each with a password of its own, and leave the sign-ins in the data folder."""
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Conflict
    from closeknit.rooms.decisions.actions.add_duty import install_duty_templates
    from closeknit.rooms.org import reads as org
    from closeknit.rooms.org.actions.create_person import create_person
    from closeknit.rooms.org.contracts import GrantCard, Role
    from closeknit.web.demo_days import own_customer

    by = org.console_actor()
    teams = [team.name for team in org.list_teams(by=by)]
    signs = []
    for username, name, roles, does in PEOPLE:
        password = f"{username}-{secrets.token_hex(3)}"
        own = teams[:1] if "account-manager" in roles else []
        only = [GrantCard(account_number=own_customer(by))] if "customer" in roles else []
        try:
            create_person(
                username=username,
                name=name,
                password=password,
                roles=[Role(r) for r in roles],
                teams=own,
                grants=only,
                by=by,
            )
        except Conflict:
            continue
        signs.append({"username": username, "password": password, "name": name, "does": does})
    with step("Installing the shipped duties"):
        now = clock.now()
        install_duty_templates(starts_on=last_monday(now.date()), by=by, at=now)
    path = home / "demo-people.json"
    path.write_text(json.dumps(signs, indent=1))
    path.chmod(0o600)


def spend_a_day() -> None:
    """Have the people do what leaves something in every register and calendar."""
    from closeknit.kernel import clock
    from closeknit.web.demo_days import live_a_day

    with step("A day at the office: shifts, a holiday, proposals, an exception"):
        live_a_day(at=clock.now())


def roster_people() -> None:
    """Have a first roster published where a plan is in force."""
    from closeknit.kernel import clock
    from closeknit.web.demo_rosters import publish_first_rosters

    with step("Rostering its people for the coming week"):
        print(", ".join(publish_first_rosters(at=clock.now())) or "no plan is in force yet", end=" … ", flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    print(f"  {what} … ", end="", flush=True)
    started = time.monotonic()
    yield
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def _is_ready() -> bool:
    from closeknit.rooms.capacity import reads as capacity
    from closeknit.rooms.org.reads import console_actor, find_actor_by_username

    return find_actor_by_username("alice") is not None and bool(capacity.list_plans(by=console_actor(), limit=1))


def _today_monday() -> date:
    from closeknit.kernel import clock

    return last_monday(clock.now().date())


def _print_people(home: Path) -> None:
    path = home / "demo-people.json"
    if not path.exists():
        return
    print("\nSign in as:")
    for person in json.loads(path.read_text()):
        print(f"  {person['username']:8} {person['password']:16} {person['name']} {person['does']}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "closeknit.web.settings")
    sys.exit(main())
