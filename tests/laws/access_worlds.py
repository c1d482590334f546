"""Random companies for the comparison of access: made in the model, then put into the program's tables."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.laws import access_oracle as oracle

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACCOUNTS, PEOPLE, TEAMS, REGIONS = 20, 9, ("red", "blue", "green"), ("north", "south", "")
INSIDERS = tuple(role for role in oracle.ROLES if role != "customer")


@dataclass
class Placed:
    """A world in the program's tables: the keys of its people, its teams by name, instants worth asking each at."""

    world: oracle.World
    keys: dict[str, str]
    teams: dict[str, Any]
    instants: dict[str, list[datetime]]


def random_world(rng: random.Random) -> oracle.World:
    """Make people of all kinds, accounts in teams and regions, and delegations with dates."""
    world = oracle.World()
    for i in range(ACCOUNTS):
        number = f"A{i:02}"
        world.accounts[number] = oracle.Account(number, rng.choice((*TEAMS, None)), rng.choice(REGIONS))
    for i in range(PEOPLE):
        world.people[f"p{i}"] = _person(f"p{i}", rng)
    for _ in range(rng.randint(2, 12)):
        world.delegations.append(_delegation(rng))
    return world


def _person(name: str, rng: random.Random) -> oracle.Person:
    active = rng.random() < 0.9
    if rng.random() < 0.15:
        numbers = [f"A{rng.randrange(ACCOUNTS):02}" for _ in range(rng.randint(0, 3))]
        return oracle.Person(name, ["customer"], [oracle.Grant(number=number) for number in set(numbers)], active)
    # Account managers are the interesting ones: they are in half of all.
    roles = {"account-manager"} if rng.random() < 0.5 else set()
    roles |= set(rng.sample(INSIDERS, rng.choice((0, 0, 1, 1, 2))))
    grants = [_grant(rng) for _ in range(rng.randint(0, 3))]
    once = {(g.team, g.region, g.number): g for g in grants if g.team or g.region or g.number}
    return oracle.Person(name, sorted(roles), list(once.values()), active)


def _grant(rng: random.Random) -> oracle.Grant:
    number = f"A{rng.randrange(ACCOUNTS):02}" if rng.random() < 0.3 else ""
    team = rng.choice(TEAMS) if rng.random() < 0.6 else None
    return oracle.Grant(team, rng.choice(REGIONS) if rng.random() < 0.5 else "", number)


def _delegation(rng: random.Random) -> oracle.Delegation:
    lender, borrower = rng.sample(range(PEOPLE), 2)
    starts = AT + rng.randint(-6, 4) * HOUR + rng.random() * HOUR
    ends = starts + rng.randint(1, 6) * HOUR
    ended = starts + rng.random() * (ends - starts) if rng.random() < 0.3 else None
    every = sorted({permission for held in oracle.ROLES.values() for permission in held})
    named = rng.sample(every, rng.randint(1, 6)) if rng.random() < 0.4 else None
    return oracle.Delegation(f"p{lender}", f"p{borrower}", named, starts, ends, ended)


def place(world: oracle.World, rng: random.Random) -> Placed:
    """Write a world into the tables, each account with a term, a line of the board and a line of the ledger."""
    from django.contrib.auth.models import User

    from closeknit.rooms.org import models

    tag = uuid4().hex[:8]
    users = User.objects.bulk_create(
        User(username=f"{tag}-{p.name}", is_active=p.active) for p in world.people.values()
    )
    people = {
        p.name: models.Person(user=user, name=p.name, roles=p.roles)
        for p, user in zip(world.people.values(), users, strict=True)
    }
    models.Person.objects.bulk_create(people.values())
    teams = {name: models.Team.objects.get_or_create(name=name)[0] for name in TEAMS}
    models.Grant.objects.bulk_create(
        models.Grant(person=people[p.name], team=teams.get(g.team or ""), region=g.region, account_number=g.number)
        for p in world.people.values()
        for g in p.grants
    )
    models.Delegation.objects.bulk_create(
        models.Delegation(
            lender=people[d.lender],
            borrower=people[d.borrower],
            permissions=d.permissions,
            starts_at=d.starts,
            ends_at=d.ends,
            ended_at=d.ended,
            reason="Away.",
        )
        for d in world.delegations
    )
    _place_accounts(world, teams)
    keys = {name: f"person:{person.pk}" for name, person in people.items()}
    return Placed(world, keys, teams, {name: _instants(world, name, rng) for name in keys})


def _instants(world: oracle.World, name: str, rng: random.Random) -> list[datetime]:
    """Return some instant, and of each loan to a person its edges and one in each of its parts."""
    found = [AT + rng.uniform(-8, 12) * HOUR]
    for loan in world.delegations:
        if loan.borrower == name:
            ended = loan.ended or loan.ends
            found += [loan.starts, ended, loan.ends, loan.starts + (ended - loan.starts) / 2]
            found.append(ended + (loan.ends - ended) / 2)
    return found


def _place_accounts(world: oracle.World, teams: dict[str, Any]) -> None:
    from closeknit.rooms.agreements.models import Contract, TermRow
    from closeknit.rooms.customers.models import Account
    from closeknit.rooms.outcomes.models import BoardLine

    accounts = world.accounts.values()
    Account.objects.bulk_create(
        Account(
            account_number=a.number,
            name=f"Firm {a.number}",
            tier="key",
            tier_reason="Stated.",
            team=teams.get(a.team or ""),
            region=a.region,
            source_feed="tests",
        )
        for a in accounts
    )
    contracts = Contract.objects.bulk_create(
        Contract(contract_number=a.number, account_number=a.number) for a in accounts
    )
    TermRow.objects.bulk_create(
        TermRow(
            contract=contract,
            term_number=f"T-{contract.account_number}",
            account_number=contract.account_number,
            operation="desk",
            measure="answer_within",
            threshold_minutes=5,
            target_share=0.9,
            credit_per_miss=3,
            currency="EUR",
            starts_on=date(2026, 1, 1),
            source="contract",
            source_feed="tests",
        )
        for contract in contracts
    )
    BoardLine.objects.bulk_create(
        BoardLine(
            account_number=a.number,
            name=f"Firm {a.number}",
            tier="key",
            tier_rank=1,
            units_last_4_weeks=1,
            units_next_4_weeks=1,
            need_hours=2,
            served_hours=1,
            short_hours=1,
            amount_last_52_weeks=5,
            refreshed_at=AT,
        )
        for a in accounts
    )
    move(world, list(world.accounts), teams)
    _record(world)


def place_in(world: oracle.World, number: str, teams: dict[str, Any]) -> Any:
    """Return where the model has an account, in the program's terms."""
    from closeknit.kernel.actor import Place

    account = world.accounts[number]
    return Place(number, teams[account.team].pk if account.team else None, account.region)


def move(world: oracle.World, numbers: list[str], teams: dict[str, Any]) -> None:
    """Tell the program where accounts belong, as the model has it, by the program's own action."""
    from closeknit.rooms.org.actions.place_accounts import place_accounts
    from closeknit.rooms.org.reads import system_actor

    place_accounts([place_in(world, number, teams) for number in numbers], by=system_actor())


def _record(world: oracle.World) -> None:
    from closeknit.rooms.decisions.actions.record_entry import record_entry
    from closeknit.rooms.decisions.contracts import Entry
    from closeknit.rooms.org.reads import system_actor

    for number in world.accounts:
        entry = Entry(uuid4(), "test.seen", f"account:{number}", f"Saw {number}.", {"n": number}, account_number=number)
        record_entry(entry, by=system_actor())
