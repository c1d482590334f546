"""Twins of accounts, written by the database: what is stored of an account, again under a number of its own."""

from dataclasses import dataclass
from typing import Any

APART = 1_000_000_000
"""Numbers of the rows of one twin lie this far from those of the last."""
NUMBER = "case when {0} = '' then '' else {0} || twin end"


@dataclass(frozen=True, slots=True)
class Copied:
    """One table: which rows are copied, which columns name the account or must differ, and which point at copies."""

    table: str
    named: tuple[str, ...] = ("account_number",)
    points: tuple[str, ...] = ()
    which: str = "account_number <> ''"


# In the order of what points where.
COPIED = (
    Copied("org_account_place"),
    Copied("customers_account", ("account_number", "merged_into")),
    Copied("sensing_fact", ("key",), which="body ->> 'account_number' <> '' or kind = 'account-record'"),
    Copied("customers_record", ("record_key", "account_number", "stated_number"), which="true"),
    Copied("customers_record_version", (), ("record_id", "fact_id"), "true"),
    Copied("customers_record_link", ("account_number",), ("record_id",)),
    Copied("customers_match", (), ("first_id", "second_id"), "true"),
    Copied("customers_intimacy"),
    Copied("customers_value"),
    Copied("customers_score"),
    Copied("customers_tier_week"),
    Copied("agreements_contract", ("contract_number", "account_number")),
    Copied("agreements_term", ("term_number", "account_number"), ("contract_id",)),
    Copied("demand_score"),
    Copied("demand_exception"),
    Copied("capacity_claim_week"),
    Copied("outcomes_board_line"),
)
BODY = (
    "case when body ->> 'account_number' <> '' then body || jsonb_build_object('account_number',"
    " (body ->> 'account_number') || twin) else body end"
)


def write_twins(twins: int) -> None:
    """Write so many twins of each account that there is, "A000001-01" and so on, with what is stored of it."""
    from django.db import connection, transaction

    from closeknit.kernel import roles

    if not twins:
        return
    with roles.as_owner(), transaction.atomic(), connection.cursor() as cursor:
        for copied in COPIED:
            columns = _columns(cursor, copied.table)
            values = [_value(copied, name, type_) for name, type_ in columns.items()]
            cursor.execute(
                f"insert into {copied.table} ({', '.join(columns)}) select {', '.join(values)} from {copied.table},"
                " (select n, '-' || lpad(n::text, 2, '0') as twin from generate_series(1, %(twins)s) n) others"
                f" where {copied.which}",
                {"twins": twins},
            )


def _columns(cursor: Any, table: str) -> dict[str, str]:
    cursor.execute(
        "select column_name, data_type from information_schema.columns where table_schema = current_schema()"
        " and table_name = %s and is_generated = 'NEVER' order by ordinal_position",
        [table],
    )
    return dict(cursor.fetchall())


def _value(copied: Copied, column: str, type_: str) -> str:
    if column in copied.named:
        return NUMBER.format(column)
    if column in copied.points or (column == "id" and type_ == "bigint"):
        return f"{column} + n * {APART}::bigint"
    if column == "id" and type_ == "uuid":
        return "md5(id::text || twin)::uuid"
    if copied.table == "sensing_fact" and column == "body":
        return BODY
    return column
