"""The long lists that people sort and page: how each is read, and how a row is added to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 1)
KINDS = ("plan.proposed", "terms.adopted", "plan.approved")


@dataclass(frozen=True, slots=True)
class LongList:
    """A list: its page, its address in the API, the command that prints it, and a card's key.

    `add` adds row number n, about an account; the values that lists are sorted by meet in ties.
    """

    page: str
    api: str
    command: tuple[str, ...]
    key: str
    orders: Callable[[], tuple[str, ...]]
    read: Callable[..., list[Any]]
    add: Callable[[int, str], None]

    def keys(self, **asked: Any) -> list[str]:
        """The keys of what is read, in its order."""
        return [str(getattr(card, self.key)) for card in self.read(**asked)]

    def paged(self, limit: int, **asked: Any) -> list[str]:
        """The keys of all pages of so many rows, one after the other."""
        found: list[str] = []
        after = ""
        while page := self.keys(after=after, limit=limit, **asked):
            found += page
            after = page[-1]
        return found


def _accounts() -> LongList:
    def add(number: int, account_number: str) -> None:
        from closeknit.rooms.customers.models import Account
        from closeknit.rooms.org.models import AccountPlace

        own = f"{account_number}-{number:02}"
        AccountPlace.objects.create(
            account_number=own, team_id=AccountPlace.objects.get(account_number=account_number).team_id, region=""
        )
        Account.objects.create(
            account_number=own,
            name=f"Firm {number % 3}",
            tier=("volume", "key", "strategic")[number % 3],
            tier_reason="Stated.",
            region=("north", "")[number % 2],
            source_feed="tests",
            since_at=AT - timedelta(days=number % 3) if number % 4 else None,
        )

    def read(**asked: Any) -> list[Any]:
        from closeknit.rooms.customers.reads.accounts import list_accounts

        return list_accounts(**asked)

    def orders() -> tuple[str, ...]:
        from closeknit.rooms.customers.reads.accounts import ACCOUNT_ORDERS

        return tuple(ACCOUNT_ORDERS)

    return LongList("/accounts/", "accounts", ("customers", "list"), "account_number", orders, read, add)


def _write(number: int, account_number: str) -> None:
    from django.db import transaction

    from closeknit.kernel import ids
    from closeknit.rooms.decisions.actions.record_entry import record_entry
    from closeknit.rooms.decisions.contracts import Entry
    from closeknit.rooms.org.reads import system_actor

    with transaction.atomic():
        entry = Entry(ids.new_id(), KINDS[number % 3], "plan:1", f"Line {number} was written.", {}, account_number)
        record_entry(entry, by=system_actor())


def _ledger() -> LongList:
    def read(**asked: Any) -> list[Any]:
        from closeknit.rooms.decisions import reads

        return reads.list_entries(**asked)

    def orders() -> tuple[str, ...]:
        from closeknit.rooms.decisions.reads.entries import LEDGER_ORDERS

        return tuple(LEDGER_ORDERS)

    return LongList("/ledger/", "ledger", ("decisions", "ledger"), "entry_id", orders, read, _write)


def _threads() -> LongList:
    def add(number: int, account_number: str) -> None:
        """Every fourth line goes on with an older thread, which moves by it."""
        from django.db import transaction

        from closeknit.rooms.decisions.actions.record_entry import record_entry
        from closeknit.rooms.decisions.contracts import Entry
        from closeknit.rooms.decisions.models import LedgerEntry
        from closeknit.rooms.org.reads import system_actor

        if number % 4 or number == 0:
            _write(number, account_number)
            return
        oldest = LedgerEntry.objects.earliest("id").thread_id
        with transaction.atomic():
            record_entry(Entry(oldest, KINDS[0], "plan:1", "It went on.", {}, account_number), by=system_actor())

    def read(**asked: Any) -> list[Any]:
        from closeknit.rooms.decisions import reads

        return reads.list_threads(**asked)

    def orders() -> tuple[str, ...]:
        from closeknit.rooms.decisions.reads.entries import THREAD_ORDERS

        return THREAD_ORDERS

    return LongList("/threads/", "threads", (), "thread_id", orders, read, add)


def _exceptions() -> LongList:
    def add(number: int, account_number: str) -> None:
        from closeknit.kernel import ids
        from closeknit.rooms.decisions.models import ExceptionRow

        starts_on = DAY + timedelta(days=number % 3)
        ExceptionRow.objects.create(
            id=ids.new_id(),
            thread_id=ids.new_id(),
            account_number=account_number,
            deviates_from=f"Rule {number % 4}",
            allowed="More.",
            reason="It was asked for.",
            starts_on=starts_on,
            until_on=starts_on + timedelta(days=40 + number % 2),
            review_on=starts_on + timedelta(days=20),
            owner_key="person:1",
            owner_name=f"Owner {number % 2}",
            requested_by_key="person:1",
            requested_by_name="Alice Planner",
            requested_at=AT,
        )

    def read(**asked: Any) -> list[Any]:
        from closeknit.rooms.decisions import reads

        return reads.list_exceptions(at=AT, **asked)

    def orders() -> tuple[str, ...]:
        from closeknit.rooms.decisions.reads.exceptions import EXCEPTION_ORDERS

        return tuple(EXCEPTION_ORDERS)

    command = ("decisions", "exceptions", "list")
    return LongList("/exceptions/", "exceptions", command, "exception_id", orders, read, add)


def _forecast_exceptions() -> LongList:
    def add(number: int, account_number: str) -> None:
        from closeknit.kernel import ids
        from closeknit.rooms.demand.models import ForecastException, ForecastRun
        from closeknit.web.tests.scene import add_run

        run = ForecastRun.objects.first()
        if run is None:
            add_run(ids.new_id(), ids.new_id())
            run = ForecastRun.objects.get()
        ForecastException.objects.create(
            id=ids.new_id(),
            thread_id=ids.new_id(),
            operation=("warehouse", "contact")[number % 2],
            level="series",
            service=f"service {number}",
            account_number=account_number,
            week_on=DAY + timedelta(weeks=number % 3),
            run=run,
            horizon_weeks=1,
            causes=["outside its range"],
            mean=100.0,
            low=90.0,
            high=110.0,
            actual=150.0,
            share_limit=0.3,
            consequence=0.1 * (number % 4),
            owner_key="role:planner",
            raised_at=AT,
            due_at=AT + timedelta(days=number % 2),
        )

    def read(**asked: Any) -> list[Any]:
        from closeknit.rooms.demand import reads

        return reads.list_forecast_exceptions(at=AT, **asked)

    def orders() -> tuple[str, ...]:
        from closeknit.rooms.demand.reads.exceptions import FORECAST_EXCEPTION_ORDERS

        return tuple(FORECAST_EXCEPTION_ORDERS)

    command = ("demand", "exceptions")
    return LongList("/demand/exceptions/", "forecast-exceptions", command, "exception_id", orders, read, add)


def _contracts() -> LongList:
    def add(number: int, account_number: str) -> None:
        from closeknit.kernel import ids
        from closeknit.rooms.agreements.models import ContractVersion

        starts_on = DAY + timedelta(days=number % 3)
        ContractVersion.objects.create(
            id=ids.new_id(),
            thread_id=ids.new_id(),
            contract_number=f"C-{number // 2}",
            version=1 + number % 2,
            title=f"Contract {number % 4}",
            account_number=account_number,
            starts_on=starts_on,
            ends_on=starts_on + timedelta(days=300) if number % 3 else None,
            time_zone="Europe/Berlin",
            clauses=[],
            drafted_at=AT + timedelta(hours=number % 5),
            drafted_by_key="person:1",
        )

    def read(**asked: Any) -> list[Any]:
        from closeknit.rooms.agreements import reads

        return reads.list_contracts(**asked)

    def orders() -> tuple[str, ...]:
        from closeknit.rooms.agreements.reads.contracts import CONTRACT_ORDERS

        return tuple(CONTRACT_ORDERS)

    command = ("agreements", "contracts", "list")
    return LongList("/contracts/", "contracts", command, "version_id", orders, read, add)


LISTS: dict[str, LongList] = {
    "accounts": _accounts(),
    "ledger": _ledger(),
    "threads": _threads(),
    "exceptions": _exceptions(),
    "forecast exceptions": _forecast_exceptions(),
    "contracts": _contracts(),
}
