"""The sample company at the size of a large one: its accounts through the front door, and years of work behind it.

The demo's own steps load, plan and live a day. Then every row of work is laid down again some weeks earlier, in loads
of its own whose counts balance, until there are as many as asked for: written by the database itself, for a front door
takes an hour for what a page must stand in a moment.
"""

from pathlib import Path
from typing import Any

from closeknit.demo import CompanySpec, last_monday

WEEKS_LOADED, WEEKS_BACK = 13, 104
LOADS = """
insert into sensing_batch (feed_id, source_name, source_sha256, recipe_version, state, files, read, accepted,
                           quarantined, duplicate, superseded, file_number, file_rows, thread_id, started_at,
                           finished_at)
select feed_id, source_name || ' (copy ' || %(copy)s || ')', md5(source_sha256 || %(copy)s) || md5(%(copy)s::text),
       recipe_version, 'done', files, rows, rows, 0, 0, 0, 0, 0, gen_random_uuid(),
       started_at - make_interval(weeks => %(weeks)s), finished_at - make_interval(weeks => %(weeks)s)
  from sensing_batch batch
  join (select batch_id, count(*) as rows from sensing_work where id <= %(last)s group by batch_id) work
    on work.batch_id = batch.id
returning id, feed_id, source_name"""
ROWS = """
insert into sensing_work (feed_id, batch_id, file_number, line, key, key_hash, content_hash, operation, service,
    work_class, region, channel, product, account_number, occurred_at, quantity, handle_minutes, amount, currency,
    promised_minutes, finished_at, met_promise, is_return, is_open, details)
select work.feed_id, %(batch)s, file_number, line, key || ' ' || %(copy)s,
       decode(md5(encode(key_hash, 'hex') || %(copy)s), 'hex'),
       decode(md5(encode(content_hash, 'hex') || %(copy)s), 'hex'),
       operation, service, work_class, region, channel, product, account_number,
       occurred_at - make_interval(weeks => %(weeks)s), quantity, handle_minutes, amount, currency, promised_minutes,
       finished_at - make_interval(weeks => %(weeks)s), met_promise, is_return, is_open, details
  from sensing_work work
 where work.feed_id = %(feed)s and work.id <= %(last)s and work.batch_id = %(source)s
 order by work.id"""
SUMS = """
insert into sensing_batch_operation (batch_id, operation, rows, first_at, last_at, content_sum)
select batch_id, operation, count(*), min(occurred_at), max(occurred_at), count(*)::numeric * %(copy)s
  from sensing_work where batch_id = %(batch)s group by batch_id, operation"""


def build(home: Path, *, accounts: int, rows: int) -> None:
    """Load, plan and staff the company, then lay earlier work behind it until there are `rows` rows of it."""
    from closeknit.web import demo
    from closeknit.web.demo import step

    spec = CompanySpec(seed=7, accounts=accounts, weeks=WEEKS_LOADED, ends_on=_monday())
    demo.load_company(home / "company", spec)
    demo.prepare_people(home)
    with step(f"Laying earlier work behind it, up to {rows:,} rows"):
        lay_earlier_work(rows)
    demo.plan_company()
    demo.spend_a_day()
    demo.roster_people()


def lay_earlier_work(rows: int) -> None:
    """Repeat the work that is there, each time some weeks earlier, until there are `rows` rows (or a few more)."""
    from django.db import connection

    from closeknit.kernel import roles

    with roles.as_owner(), connection.cursor() as cursor:
        cursor.execute("set maintenance_work_mem = '1GB'")
        cursor.execute("select count(*), max(id) from sensing_work")
        there, last = cursor.fetchone()
        indexes = _take_indexes_away(cursor)
        copies = max(0, -(-rows // there) - 1)
        for copy in range(1, copies + 1):
            weeks = WEEKS_LOADED * (1 + (copy - 1) % (WEEKS_BACK // WEEKS_LOADED - 1))
            _lay(cursor, {"copy": copy, "weeks": weeks, "last": last})
        for statement in indexes:
            cursor.execute(statement)
        cursor.execute("vacuum analyze")


def _lay(cursor: Any, at: dict[str, int]) -> None:
    cursor.execute("select distinct batch_id, feed_id from sensing_work where id <= %(last)s", at)
    sources = dict(cursor.fetchall())
    cursor.execute("select id, source_name from sensing_batch where id = any(%s)", [list(sources)])
    by_name = {f"{name} (copy {at['copy']})": batch for batch, name in cursor.fetchall()}
    cursor.execute(LOADS, at)
    for batch, feed, name in cursor.fetchall():
        row = at | {"batch": batch, "feed": feed, "source": by_name[name]}
        cursor.execute(ROWS, row)
        cursor.execute(SUMS, row)


def _take_indexes_away(cursor: Any) -> list[str]:
    """Drop what is slow to keep row by row; return the statements that bring it back."""
    cursor.execute(
        "select conname, pg_get_constraintdef(oid) from pg_constraint"
        " where conrelid = 'sensing_work'::regclass and contype = 'u'"
    )
    constraints = cursor.fetchall()
    for name, _ in constraints:
        cursor.execute(f'alter table sensing_work drop constraint "{name}"')
    cursor.execute(
        "select indexname, indexdef from pg_indexes"
        " where tablename = 'sensing_work' and indexname in ('work_by_time', 'work_of_account')"
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'drop index "{name}"')
    return [f'alter table sensing_work add constraint "{name}" {is_}' for name, is_ in constraints] + [
        statement for _, statement in indexes
    ]


def _monday() -> Any:
    from closeknit.kernel import clock

    return last_monday(clock.now().date())
