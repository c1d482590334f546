"""What the people of the demo did today, so that its inbox, registers and calendars are not empty. All of it by the
same actions as in real life, as the people themselves.
"""

from datetime import datetime, time, timedelta

from closeknit.kernel import jobs
from closeknit.kernel.actor import Actor
from closeknit.kernel.scope import acting_as

ZONE = "Europe/Berlin"
WEEKDAYS = range(5)


def own_customer(by: Actor) -> str:
    """Return the account whose own reader the demo has: the first of the top tier."""
    from closeknit.rooms.customers import reads as customers

    return customers.list_accounts(by=by, tier="strategic", limit=1)[0].account_number


def live_a_day(*, at: datetime) -> None:
    """Fill the on-duty calendar, send somebody on holiday, and leave work for a manager to find."""
    keep_watch(at)
    go_on_holiday(at)
    deviate(at)
    map_the_journey(at)
    ask_for_changes(at)
    say_what_learning_takes(at)
    jobs.run_until_idle()


def keep_watch(at: datetime) -> None:
    """Carol is on duty in the mornings, Olga in the afternoons; nobody at night: the page says so."""
    from closeknit.rooms.decisions.actions.keep_duty_calendar import open_calendar, set_shift

    erin = person("erin")
    with acting_as(erin):
        open_calendar("operations", title="Operations", time_zone=ZONE, by=erin, at=at)
        for username, starts, ends in (("carol", time(6), time(14)), ("olga", time(14), time(22))):
            for weekday in WEEKDAYS:
                set_shift(
                    "operations",
                    person=username,
                    weekday=weekday,
                    starts_local=starts,
                    ends_local=ends,
                    from_on=at.date() - timedelta(days=7),
                    by=erin,
                    at=at,
                )


def map_the_journey(at: datetime) -> None:
    """Alice puts most ways on the map; e-mail is sorted by hand, and nobody answers for repairs."""
    from closeknit.rooms.customers.actions.set_touchpoint import set_touchpoint
    from closeknit.rooms.customers.contracts.journey import Stage, TouchpointPlan, Triage

    alice, carol = person("alice"), person("carol")
    rule, hand = Triage.RULE, Triage.HAND
    with acting_as(alice):
        for plan in (
            TouchpointPlan("Orders by EDI", Stage.BUY, "warehouse", "", "edi", "pickers", alice.key, 1440, rule),
            TouchpointPlan("Orders on the web", Stage.BUY, "warehouse", "", "web", "pickers", alice.key, 480, rule),
            TouchpointPlan("Calls", Stage.GET_HELP, "service-desk", "phone", "", "phone agents", carol.key, 30, rule),
            TouchpointPlan("E-mail", Stage.GET_HELP, "service-desk", "email", "", "e-mail", carol.key, 480, hand),
            TouchpointPlan("Repairs on site", Stage.USE, "field-service", "", "", "field engineers", "", 2880, rule),
        ):
            set_touchpoint(plan, by=alice, at=at)


def say_what_learning_takes(at: datetime) -> None:
    """Erin sets how long a skill takes to learn, so that the page on training has something to rank by."""
    from closeknit.rooms.capacity.contracts.training import TRAINING_SETTINGS
    from closeknit.rooms.org.actions.set_setting import set_setting

    erin, (hours, by_name, _) = person("erin"), TRAINING_SETTINGS
    with acting_as(erin):
        set_setting(hours.key, 40.0, reason="What the last courses took.", by=erin, at=at)
        set_setting(by_name.key, "email 24", reason="Who phones writes soon.", by=erin, at=at)


def go_on_holiday(at: datetime) -> None:
    """Olga is away next week and lends her rights to Carol for that time."""
    from closeknit.rooms.org.actions.delegate import delegate
    from closeknit.rooms.org.actions.report_absence import report_absence

    olga, away = person("olga"), at + timedelta(days=7)
    back = away + timedelta(days=7)
    with acting_as(olga):
        report_absence(starts_at=away, ends_at=back, reason="On holiday.", by=olga, at=at)
        delegate(person("carol").key, starts_at=away, ends_at=back, reason="While I am on holiday.", by=olga, at=at)


def deviate(at: datetime) -> None:
    """One region believes its measured handle times sooner than the company does, for a time."""
    from closeknit.rooms.customers import reads as customers
    from closeknit.rooms.org.actions.set_setting import set_setting

    erin = person("erin")
    with acting_as(erin):
        region = next(a.region for a in customers.list_accounts(by=erin) if a.region)
        set_setting(
            "capacity.handle_minutes_measured_from",
            40,
            level="region",
            place=region,
            reason="New depot: little work has been measured there yet.",
            ends_at=at + timedelta(days=60),
            by=erin,
            at=at,
        )


def ask_for_changes(at: datetime) -> None:
    """Bob asks to move one of his accounts further away, and for an exception for another."""
    from closeknit.rooms.customers import reads as customers
    from closeknit.rooms.customers.actions.propose_tier_change import propose_tier_change
    from closeknit.rooms.customers.contracts import TIER_ORDER
    from closeknit.rooms.decisions.actions.request_exception import WantedException, request_exception

    bob = person("bob")
    with acting_as(bob):
        mine = sorted(customers.list_accounts(by=bob), key=lambda account: TIER_ORDER.index(account.tier))
        moved = next(account for account in mine if account.tier != TIER_ORDER[-1])
        lower = TIER_ORDER[TIER_ORDER.index(moved.tier) + 1]
        why = "Its orders have halved for two quarters, and its contract is up for renewal."
        propose_tier_change(moved.account_number, lower, reason=why, by=bob, at=at)
        other = next(account for account in mine if account.account_number != moved.account_number)
        request_exception(
            WantedException(
                account_number=other.account_number,
                place="",
                deviates_from="Orders ship within the promised time",
                allowed="Two more days to ship while it moves its warehouse",
                reason="The customer asked for it in writing.",
                starts_on=at.date(),
                until_on=at.date() + timedelta(days=21),
                review_on=at.date() + timedelta(days=14),
            ),
            by=bob,
            at=at,
        )


def person(username: str) -> Actor:
    """Return one of the demo's people, with its rights of now."""
    from closeknit.rooms.org.reads import find_actor_by_username

    actor = find_actor_by_username(username)
    if actor is None:
        raise LookupError(f"the demo has nobody called {username}")
    return actor
