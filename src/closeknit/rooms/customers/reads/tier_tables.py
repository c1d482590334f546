"""Which table of tiers is in force."""

from datetime import date
from functools import cache
from importlib.resources import files

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.rooms.customers.contracts import TIER_ORDER, TierTableCard, TierTableLine
from closeknit.rooms.customers.models import TierTableRow
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.contracts import InputKind, StrictTable
from closeknit.rooms.org.contracts import Permission

STAY = "stay"
INPUTS = {
    "score": InputKind.NUMBER,
    "now": InputKind.WORD,
    "held_days": InputKind.NUMBER,
    "under_contract": InputKind.FLAG,
}


@cache
def shipped_tier_table() -> StrictTable:
    """Return the table that comes with the product; in force until a company adopts another."""
    path = files("closeknit.rooms.customers").joinpath("policies/tiers.yaml")
    return decisions.read_strict_table(path.read_text(encoding="utf-8"))


def tier_table_on(day: date) -> tuple[StrictTable, TierTableRow | None]:
    """Return the table in force on a day: the latest adopted that is effective by then, else the shipped one."""
    row = TierTableRow.objects.filter(effective_from__lte=day).order_by("effective_from", "pk").last()
    table = decisions.read_strict_table(row.text) if row else shipped_tier_table()
    if table.effective_until is not None and day >= table.effective_until:
        raise Conflict(
            f"The table of tiers {table.version} ended on {table.effective_until}.",
            where="tiers",
            todo="Adopt its successor: closeknit customers tiers adopt FILE --reason ...",
        )
    return table, row


def check_tier_table(table: StrictTable) -> list[str]:
    """Return what keeps a strict table from being one of tiers (inputs, words, answers); [] where nothing does."""
    found = {each.name: each.kind for each in table.inputs}
    faults = [f"the input {name} is missing or no {kind}" for name, kind in INPUTS.items() if found.get(name) != kind]
    faults += [f"the input {name} is not known for accounts" for name in found if name not in INPUTS]
    tiers = {tier.value for tier in TIER_ORDER}
    words = next((set(each.words) for each in table.inputs if each.name == "now"), tiers)
    if words != tiers:
        faults.append(f"now has the words {', '.join(sorted(words))}, not the tiers")
    faults += [f"the answer {word} is no tier" for word in table.answers if word not in {*tiers, STAY}]
    if table.hit.value == "collect":
        faults.append("it collects, and an account has one tier")
    return faults


def get_tier_table(*, by: Actor, on: date) -> TierTableCard:
    """Return the table of tiers in force on a day, in words."""
    by.require(Permission.READ_INTERNAL)
    table, row = tier_table_on(on)
    return TierTableCard(
        version=table.version,
        title=table.title,
        digest=table.digest,
        effective_from=table.effective_from,
        adopted_by=row.adopted_by if row else "",
        adopted_at=row.adopted_at if row else None,
        reason=row.reason if row else "It came with the product.",
        text=table.text,
        rows=tuple(TierTableLine(*row) for row in decisions.rows_of(table)),
        thread_id=row.thread_id if row else None,
    )
