"""The decision table in force, its versions, and judgements made again."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import digest
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.decisions.compute import judge, put_in_words, read_table, shipped_table
from closeknit.rooms.decisions.contracts import DecisionTable, KindTable, PolicyCard, PolicyVersion, Question
from closeknit.rooms.decisions.models import PolicyRow
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import Level
from closeknit.rooms.org.reads.settings import SETTINGS, get_setting


def get_policy(version: str = "", *, by: Actor) -> PolicyCard:
    """Return the decision table in force, or the one of a version, in words.

    Raises:
        NotFound: for a version that was never in force.
    """
    _require(by)
    return put_in_words(table_of(version) if version else table_in_force())


def check_policy(text: str, *, by: Actor) -> PolicyCard:
    """Return what a decision table says in words, without adopting it. Refuses one that is not strict."""
    _require(by)
    return put_in_words(read_table(text))


def list_policy_versions(*, by: Actor) -> list[PolicyVersion]:
    """Return every version that was adopted or used, newest first; the shipped one stands last."""
    _require(by)
    in_force = table_in_force().version
    rows = list(PolicyRow.objects.order_by("is_shipped", "-pk"))
    found = [
        PolicyVersion(
            row.version,
            row.digest,
            row.adopted_by_name,
            row.adopted_at,
            row.reason,
            row.version == in_force,
            row.thread_id,
        )
        for row in rows
    ]
    shipped = shipped_table()
    if all(row.version != shipped.version for row in rows):
        is_used = shipped.version == in_force
        found.append(PolicyVersion(shipped.version, shipped.digest, "Closeknit", None, "As shipped.", is_used, None))
    return found


def table_in_force() -> DecisionTable:
    """Return the table that a person adopted last, or the shipped one."""
    row = PolicyRow.objects.filter(is_shipped=False).order_by("-pk").first()
    return _parsed(row.text) if row else shipped_table()


def table_of(version: str) -> DecisionTable:
    """Return the table of a version, as it was when it was in force."""
    row = PolicyRow.objects.filter(version=version).first()
    if row is not None:
        return _parsed(row.text)
    if version == shipped_table().version:
        return shipped_table()
    raise NotFound("There is no such policy.", where=version, todo="See: closeknit decisions policy versions.")


@lru_cache(maxsize=32)
def _parsed(text: str) -> DecisionTable:
    return read_table(text)


def limits_here(kind: KindTable | None, *, tier: str, account_number: str, at: datetime, by: Actor) -> dict[str, Any]:
    """Return the limits, by rule, that settings by place put in the place of the table's own."""
    found: dict[str, Any] = {}
    for rule in kind.rules if kind else ():
        value = _setting(rule.setting, tier, account_number, at, by) if rule.setting else None
        if value is not None:
            found[rule.name] = value
    return found


def answer_within_hours(kind: str, stated: int, *, tier: str, account_number: str, at: datetime, by: Actor) -> float:
    """Return how long an answer may take: what a setting says for the place, or what the table states."""
    value = _setting(f"decisions.{kind}_approval.answer_within_hours", tier, account_number, at, by)
    return float(stated if value is None else value)


def _setting(key: str, tier: str, account_number: str, at: datetime, by: Actor) -> Any:
    setting = declared(SETTINGS).get(key)
    if setting is None:
        return None
    where = {"tier": "" if tier == "none" else tier, "account_number": account_number}
    # Asked as the system: a limit holds also for who may not read the account's settings.
    resolved = get_setting(setting, **where, at=at, by=org.system_actor() if account_number else by)
    return None if resolved.level is Level.DEFAULT else resolved.value


def question_of(record: Mapping[str, Any]) -> Question:
    """Return a question as it was stored."""
    money = record["money"]
    return Question(
        record["kind"],
        record["tier"],
        None if money is None else Decimal(money),
        record["currency"],
        record["facts"],
        record["limits"],
    )


def judge_again(evidence: Mapping[str, Any], *, by: Actor) -> tuple[str, str]:
    """Return the digests of a judgement as recorded in a `….proposed` line, and as it comes out today.

    They are equal unless the line, the table of its version, or the code that judges is not what it was.
    """
    _require(by)
    recorded = evidence["judgement"]
    table = table_of(recorded["policy_version"])
    return digest(recorded), digest(judge(table, question_of(evidence["question"])))


def _require(by: Actor) -> None:
    if not any(by.may(p) for p in (Permission.READ_DECISIONS, Permission.DECIDE, Permission.READ_LEDGER)):
        raise Denied(
            f"{by.name} may not read who decides what.",
            where=f"permission {Permission.READ_DECISIONS}",
            todo="Ask an administrator for a role that includes it.",
        )
