"""The sample company at the size of a large one, in minutes: a small one through the front door, then more of the same.

The demo's own steps load, plan and live a day for some hundred accounts. The database itself then writes the others
beside them, twins under numbers of their own, and lays every row of work down again for twins and in earlier weeks, in
loads of its own whose counts balance, until there are as many as asked for. A front door takes an hour for what a page
must stand in a moment.
"""

from pathlib import Path
from typing import Any

from benchmarks._twins import write_twins
from closeknit.demo import CompanySpec, last_monday

WEEKS_LOADED, WEEKS_BACK, MOST_LOADED = 13, 104, 400
BLOCKS = WEEKS_BACK // WEEKS_LOADED
LOADS = """
insert into sensing_batch (feed_id, source_name, source_sha256, recipe_version, state, files, read, accepted,
                           quarantined, duplicate, superseded, file_number, file_rows, thread_id, started_at,
                           finished_at)
select feed_id, source_name || ' (copy ' || %(copy)s || ')', md5(source_sha256 || %(copy)s) || md5(%(copy)s::text),
       recipe_version, 'done', files, rows, rows, 0, 0, 0, 0, 0, gen_random_uuid(),
       started_at - make_interval(weeks => %(weeks)s), finished_at - make_interval(weeks => %(weeks)s)
  from sensing_batch batch
  join (select batch_id, count(*) as rows from as_it_came group by batch_id) work on work.batch_id = batch.id
returning id, feed_id, source_name"""
AS_IT_CAME = """
create temporary table as_it_came as
select work.*, exists (select from sensing_work ended where ended.operation = work.operation
                         and ended.service = work.service and ended.finished_at is not null) as says_end
  from sensing_work work where id <= %(last)s order by id"""
# What differs from the row that is copied. Work of earlier weeks is over: at most the newest still waits for its end.
DIFFERS = {
    "batch_id": "%(batch)s",
    "key": "key || ' ' || %(copy)s",
    "key_hash": "decode(md5(encode(key_hash, 'hex') || %(copy)s), 'hex')",
    "content_hash": "decode(md5(encode(content_hash, 'hex') || %(copy)s), 'hex')",
    "account_number": "case when account_number = '' then '' else account_number || %(twin)s end",
    "occurred_at": "occurred_at - make_interval(weeks => %(weeks)s)",
    "finished_at": "case when %(weeks)s > 0 and says_end then coalesce(finished_at, occurred_at + interval '4 hours')"
    " else finished_at end - make_interval(weeks => %(weeks)s)",
    "is_open": "is_open and %(weeks)s = 0",
}
ROWS = "insert into sensing_work ({columns}) select {values} from as_it_came where batch_id = %(source)s order by id"
SUMS = """
insert into sensing_batch_operation (batch_id, operation, rows, first_at, last_at, content_sum)
select %(batch)s, operation, count(*), min(occurred_at) - make_interval(weeks => %(weeks)s),
       max(occurred_at) - make_interval(weeks => %(weeks)s), count(*)::numeric * %(copy)s
  from as_it_came where batch_id = %(source)s group by operation"""


def build(home: Path, *, accounts: int, rows: int) -> None:
    """Load, plan and staff a company of at most 400 accounts, then write the others and `rows` rows of work or more."""
    from closeknit.web import demo
    from closeknit.web.demo import step

    loaded = min(accounts, MOST_LOADED)
    twins = -(-accounts // loaded) - 1
    demo.load_company(home / "company", CompanySpec(seed=7, accounts=loaded, weeks=WEEKS_LOADED, ends_on=_monday()))
    demo.prepare_people(home)
    work = Layers()
    with step(f"Laying {WEEKS_BACK} weeks of work behind it"):
        work.lay(min(rows, BLOCKS * work.loaded), twins=0)
    demo.plan_company()
    demo.spend_a_day()
    demo.roster_people()
    with step(f"Writing {twins} twins of each account"):
        write_twins(twins)
    with step(f"Laying work down again, up to {rows:,} rows"):
        work.lay(rows, twins=twins)


class Layers:
    """The work that was loaded, laid down again and again."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("select count(*), max(id) from sensing_work")
            self.loaded, self._last = cursor.fetchone()
        self._copies = 0

    def lay(self, rows: int, *, twins: int) -> None:
        """Lay copies until there are `rows` rows (or a few more): for each account and its twins in turns, then some
        weeks earlier for all of them, and again from the first weeks on where that is not enough."""
        from django.db import connection

        from closeknit.kernel import roles

        with roles.as_owner(), connection.cursor() as cursor:
            cursor.execute("set maintenance_work_mem = '1GB'; set synchronous_commit = off")
            cursor.execute(AS_IT_CAME, {"last": self._last})
            cursor.execute("analyze as_it_came")
            indexes = _take_indexes_away(cursor)
            for turn in range(0 if twins else 1, -(-rows // self.loaded) - self._copies):
                self._copies += 1
                twin, block = turn % (twins + 1), turn // (twins + 1) % BLOCKS
                _lay(cursor, self._copies, f"-{twin:02d}" if twin else "", WEEKS_LOADED * block)
            for statement in indexes:
                cursor.execute(statement)
            cursor.execute("drop table as_it_came")
            cursor.execute("vacuum analyze")


def _lay(cursor: Any, copy: int, twin: str, weeks: int) -> None:
    at: dict[str, Any] = {"copy": copy, "twin": twin, "weeks": weeks}
    cursor.execute("select distinct batch_id, source_name from as_it_came join sensing_batch b on b.id = batch_id")
    sources = {f"{name} (copy {copy})": batch for batch, name in cursor.fetchall()}
    columns = _columns(cursor)
    statement = ROWS.format(columns=", ".join(columns), values=", ".join(DIFFERS.get(name, name) for name in columns))
    cursor.execute(LOADS, at)
    for batch, _, name in cursor.fetchall():
        row = at | {"batch": batch, "source": sources[name]}
        cursor.execute(statement, row)
        cursor.execute(SUMS, row)


def _columns(cursor: Any) -> list[str]:
    cursor.execute(
        "select column_name from information_schema.columns"
        " where table_schema = current_schema() and table_name = 'sensing_work' and column_name <> 'id'"
        " and is_generated = 'NEVER' order by ordinal_position"
    )
    return [name for (name,) in cursor.fetchall()]


def _take_indexes_away(cursor: Any) -> list[str]:
    """Drop what is slow to keep row by row; return the statements that bring it back."""
    cursor.execute(
        "select conname, pg_get_constraintdef(oid) from pg_constraint"
        " where conrelid = 'sensing_work'::regclass and contype = 'u'"
    )
    constraints = cursor.fetchall()
    cursor.execute(
        "select c.relname, pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid"
        " where i.indrelid = 'sensing_work'::regclass and not i.indisunique"
    )
    indexes = cursor.fetchall()
    for name, _ in constraints:
        cursor.execute(f'alter table sensing_work drop constraint "{name}"')
    for name, _ in indexes:
        cursor.execute(f'drop index "{name}"')
    return [
        *(f'alter table sensing_work add constraint "{name}" {is_}' for name, is_ in constraints),
        *(f'alter table sensing_work replica identity using index "{name}"' for name, _ in constraints[:1]),
        *(statement for _, statement in indexes),
    ]


def _monday() -> Any:
    from closeknit.kernel import clock

    return last_monday(clock.now().date())
