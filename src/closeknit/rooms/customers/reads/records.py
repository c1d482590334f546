"""What systems say of accounts, which word counts, and which numbers are one account: at any past instant."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.customers.compute.golden import SHIPPED, golden_fields
from closeknit.rooms.customers.compute.merges import follow_merges
from closeknit.rooms.customers.contracts import (
    ADDRESS,
    ClaimCard,
    Criterion,
    GoldenField,
    MergeCard,
    Profile,
    RecordCard,
    RecordStatement,
    SurvivorshipGroup,
    SurvivorshipRules,
    UnlinkedRecord,
)
from closeknit.rooms.customers.models import (
    Account,
    AccountMerge,
    Doubt,
    Record,
    RecordLink,
    RecordVersion,
    Survivorship,
)
from closeknit.rooms.customers.reads.accounts import get_account
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact

IN_FORCE = datetime(9999, 1, 1, tzinfo=UTC)
"""What is in force now has no end: at the end of time it still stands."""


def get_profile(account_number: str, *, by: Actor, at: datetime) -> Profile:
    """Return an account as it was known at an instant: each field with its source, age, rule, and the words that lost.

    A number that was merged away answers with the account that it is another name of.
    """
    get_account(account_number, by=by)
    numbers = golden_numbers(by=by, at=at)
    number = numbers.get(account_number, account_number)
    rules = get_survivorship(by=by, at=at)
    statements = statements_of([number], by=by, at=at)[number]
    return Profile(
        account_number=number,
        asked_number=account_number,
        at=at,
        rule_version=rules.version,
        fields=tuple(_shown(each, by) for each in golden_fields(number, statements, rules, at)),
        records=tuple(list_records(number, by=by, at=at)),
        aliases=tuple(sorted(alias for alias, kept in numbers.items() if kept == number)),
    )


def golden_numbers(*, by: Actor, at: datetime | None) -> dict[str, str]:
    """Return for every number that was merged away at an instant (None: now) the number that it is another name of.

    Who adds up work by account asks this first: what alias and golden number brought belongs together. Numbers that
    stand for themselves are not in it; only those are that the actor may see.
    """
    by.require(Permission.READ_ACCOUNTS)
    rows = AccountMerge.objects.filter(_between("merged_at", "split_at", at or IN_FORCE))
    return follow_merges(dict(rows.values_list("absorbed_number", "kept_number")))


def names_of(account_number: str, *, by: Actor) -> tuple[str, ...]:
    """Return every number that an account goes by now: the one it stands under first, then those merged into it.

    What was kept under another name is the account's own: a promise, an insight, an opinion of the forecast.
    """
    golden = golden_numbers(by=by, at=None)
    kept = golden.get(account_number, account_number)
    return (kept, *sorted(alias for alias, number in golden.items() if number == kept))


def get_survivorship(*, by: Actor, at: datetime) -> SurvivorshipRules:
    """Return the rules by which claims survive, as they stood at an instant."""
    by.require(Permission.READ_ACCOUNTS)
    row = Survivorship.objects.filter(from_at__lte=at).order_by("-version").first()
    return _rules(row) if row else SHIPPED


def list_survivorship(*, by: Actor) -> list[SurvivorshipRules]:
    """Return every version of the rules, newest first; the shipped one last. For colleagues only."""
    by.require(Permission.READ_FEEDS if by.may(Permission.READ_FEEDS) else Permission.READ_RECORDS)
    return [*(_rules(row) for row in Survivorship.objects.order_by("-version")), SHIPPED]


def statements_of(account_numbers: Iterable[str], *, by: Actor, at: datetime) -> dict[str, list[RecordStatement]]:
    """Return what the records of accounts stated at an instant, by account. The caller has checked the accounts."""
    by.require(Permission.READ_ACCOUNTS)
    wanted = list(dict.fromkeys(account_numbers))
    links = RecordLink.objects.filter(_between("from_at", "until_at", at), account_number__in=wanted)
    account_of = dict(links.values_list("record_id", "account_number"))
    doubts: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for doubt in Doubt.objects.filter(_between("from_at", "until_at", at), record_id__in=account_of):
        doubts[doubt.record_id].add((doubt.field, doubt.value))
    found: dict[str, list[RecordStatement]] = {number: [] for number in wanted}
    rows = RecordVersion.objects.filter(_between("learned_at", "replaced_at", at), record_id__in=account_of)
    for row in rows.select_related("record").order_by("record__system", "record__record_key"):
        found[account_of[row.record_id]].append(_statement(row, doubts[row.record_id]))
    return found


def list_records(account_number: str, *, by: Actor, at: datetime) -> list[RecordCard]:
    """Return the records that belonged to an account at an instant, by system and key."""
    get_account(account_number, by=by)
    links = RecordLink.objects.filter(_between("from_at", "until_at", at), account_number=account_number)
    rows = links.select_related("record").order_by("record__system", "record__record_key")
    return redact((_record_card(row) for row in rows), by=by)


def list_unlinked_records(*, by: Actor, limit: int = 100) -> list[UnlinkedRecord]:
    """Return records that are yet nobody's, oldest first, by what they state; only who sees every account sees any."""
    by.require(Permission.READ_ACCOUNTS)
    if not by.scope_of(Permission.READ_ACCOUNTS).every_account:
        return []
    rows = list(Record.objects.filter(account_number="").order_by("id")[:limit])
    stated = dict(RecordVersion.objects.filter(record__in=rows, replaced_at=None).values_list("record_id", "fields"))
    return [_unlinked(row, stated.get(row.pk, {})) for row in rows]


def count_unlinked_records(*, by: Actor) -> int:
    """Return how many records are yet nobody's; only who sees every account sees any."""
    by.require(Permission.READ_ACCOUNTS)
    if not by.scope_of(Permission.READ_ACCOUNTS).every_account:
        return 0
    return Record.objects.filter(account_number="").count()


def list_merges(account_number: str, *, by: Actor) -> list[MergeCard]:
    """Return the merges of an account, newest first, those that were split too."""
    number = get_account(account_number, by=by).account_number
    rows = AccountMerge.objects.filter(Q(kept_number=number) | Q(absorbed_number=number)).order_by("-merged_at")
    return redact((merge_card(row) for row in rows), by=by)


def get_merge(merge_id: UUID, *, by: Actor) -> MergeCard:
    """Return one merge, or raise NotFound where there is none of accounts that the actor may see."""
    by.require(Permission.READ_ACCOUNTS)
    row = AccountMerge.objects.filter(pk=merge_id).first()
    if row is None:
        raise NotFound("There is no such merge.", where=str(merge_id))
    get_account(row.kept_number, by=by)
    return redact([merge_card(row)], by=by)[0]


def resolve_number(account_number: str, *, by: Actor) -> str:
    """Return the number of the account that a number stands for now: itself, where it was not merged away."""
    by.require(Permission.READ_ACCOUNTS)
    seen = {account_number}
    while True:
        found = Account.objects.filter(account_number=account_number).values_list("merged_into", flat=True).first()
        if not found or found in seen:
            return account_number
        account_number = found
        seen.add(found)


def merge_card(row: AccountMerge) -> MergeCard:
    """Return a merge as other rooms and pages see it."""
    return MergeCard(
        merge_id=row.pk,
        thread_id=row.thread_id,
        account_number=row.kept_number,
        absorbed_number=row.absorbed_number,
        reason=row.reason,
        merged_at=row.merged_at,
        merged_by=row.merged_by_name,
        split_at=row.split_at,
        split_by=row.split_by_name,
        split_reason=row.split_reason,
    )


def _between(start: str, end: str, at: datetime) -> Q:
    return Q(**{f"{start}__lte": at}) & (Q(**{end: None}) | Q(**{f"{end}__gt": at}))


def _rules(row: Survivorship) -> SurvivorshipRules:
    groups = tuple(
        SurvivorshipGroup(
            tuple(group["fields"]), tuple(Criterion(word) for word in group["by"]), tuple(group.get("systems", ()))
        )
        for group in row.groups
    )
    return SurvivorshipRules(row.version, groups, row.from_at, row.set_by_name, row.reason)


def _statement(row: RecordVersion, doubted: set[tuple[str, str]]) -> RecordStatement:
    return RecordStatement(
        record_id=row.record_id,
        system=row.record.system,
        record_key=row.record.record_key,
        is_own=row.record.is_own,
        fields=row.fields,
        observed_at=row.observed_at,
        learned_at=row.learned_at,
        feed=row.feed,
        batch_id=row.batch_id,
        source_name=row.source_name,
        line=row.line,
        stated_by=row.stated_by_name,
        untrusted=frozenset(name for name, value in doubted if row.fields.get(name) == value),
    )


def _record_card(row: RecordLink) -> RecordCard:
    record = row.record
    return RecordCard(
        record.pk, record.system, record.record_key, row.account_number, row.how, row.sentence, row.from_at
    )


def _unlinked(record: Record, fields: dict[str, str]) -> UnlinkedRecord:
    return UnlinkedRecord(
        record_id=record.pk,
        system=record.system,
        record_key=record.record_key,
        name=fields.get("name", ""),
        industry=fields.get("industry", ""),
        place=" ".join(fields[name] for name in ADDRESS if fields.get(name)),
        since_at=record.seen_at,
    )


def _shown(each: GoldenField, by: Actor) -> GoldenField:
    claims: Sequence[ClaimCard] = redact([*([each.survives] if each.survives else ()), *each.others], by=by)
    head = 1 if each.survives else 0
    return GoldenField(each.field, claims[0] if head else None, each.rule, each.together_with, tuple(claims[head:]))
