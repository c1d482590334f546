"""Work into its table: by COPY into a temporary one, then each key once."""

from datetime import datetime

from django.db import connection

from closeknit.rooms.sensing.mapping.columns import WorkChunk
from closeknit.rooms.sensing.mapping.rows import WORK_COLUMNS
from closeknit.rooms.sensing.models import Batch
from closeknit.rooms.sensing.storing.place import Place, Settled
from closeknit.rooms.sensing.storing.refused import release

_ROW = ", ".join(("line", "key_hash", "content_hash", "key", *WORK_COLUMNS))
_INCOMING = (
    f"create temp table if not exists sensing_incoming on commit delete rows"
    f" as select {_ROW} from sensing_work with no data"
)
_ADDED = "closeknit.added_work"
_IS_OPEN = "finished_at is null and not is_return and account_number <> ''"
# A look for each key before its row cost a sixth of storing rows that are all new. Where one is known after all,
# what was added of the chunk is undone and each key looked for. Here, since an error caught there leaves no line in
# the server's log.
_INSERT = f"""
do $$
declare
    added bigint;
begin
    begin
        insert into sensing_work (feed_id, batch_id, file_number, is_open, {_ROW})
        select {{feed}}, {{batch}}, {{file_number}}, {{is_open}}, {_ROW} from sensing_incoming where {{is_all_new}};
        get diagnostics added = row_count;
    exception when unique_violation then
        added := 0;
    end;
    if added = 0 then
        insert into sensing_work (feed_id, batch_id, file_number, is_open, {_ROW})
        select {{feed}}, {{batch}}, {{file_number}}, {{is_open}}, {_ROW} from sensing_incoming
        on conflict (feed_id, key_hash) do nothing;
        get diagnostics added = row_count;
    end if;
    perform set_config('{_ADDED}', added::text, false);
end $$
"""
_ALREADY_THERE = """
select i.line, i.content_hash = w.content_hash or b.recipe_version <> %s
  from sensing_incoming i
 cross join lateral (
       select batch_id, file_number, line, content_hash from sensing_work
        where feed_id = %s and key_hash = i.key_hash offset 0) w
  join sensing_batch b on b.id = w.batch_id
 where (w.batch_id, w.file_number, w.line) <> (%s, %s, i.line)
"""
# `offset 0` keeps the look-up by index, one row at a time: the temporary table has no statistics to plan by.
# A row read under another version of the recipe may well differ now; it is the same row all the same, and
# stays.
_ADD_UP = """
insert into sensing_batch_operation (batch_id, operation, rows, first_at, last_at, content_sum)
values (%s, %s, %s, %s, %s, %s)
on conflict (batch_id, operation) do update set
    rows = sensing_batch_operation.rows + excluded.rows,
    first_at = least(sensing_batch_operation.first_at, excluded.first_at),
    last_at = greatest(sensing_batch_operation.last_at, excluded.last_at),
    content_sum = sensing_batch_operation.content_sum + excluded.content_sum
"""


def store_work(place: Place, chunk: WorkChunk, settled: Settled) -> None:
    """Insert work that is new; count what is there already; refuse a known key with other content."""
    chunk = _once_each(chunk, settled)
    if not chunk.lines:
        return
    there = _insert(place, chunk)
    if there:
        for line, raw in zip(chunk.lines, chunk.raws, strict=True):
            if line in there:
                settled.settle_known(there[line], line, raw)
        chunk = chunk.only([line not in there for line in chunk.lines])
    settled.accepted += len(chunk.lines)
    _add_up(place.batch, chunk)
    if place.waiting:
        release(place, chunk.raws)


def _insert(place: Place, chunk: WorkChunk) -> dict[int, bool]:
    """Insert a chunk; return the lines whose keys were there already, and whether with the same content."""
    batch = place.batch
    rows = zip(chunk.lines, chunk.key_hashes, chunk.content_hashes, chunk.cells, strict=True)
    text = "".join([f"{line}\t\\\\x{key.hex()}\t\\\\x{content.hex()}\t{cells}\n" for line, key, content, cells in rows])
    with connection.cursor() as cursor:
        cursor.execute(_INCOMING)
        cursor.execute("truncate sensing_incoming")
        with cursor.copy(f"copy sensing_incoming ({_ROW}) from stdin") as copy:
            copy.write(text)
        numbers = {"feed": int(batch.feed_id), "batch": int(batch.pk), "file_number": int(place.file_number)}
        is_all_new = not (place.meets_known or batch.duplicate)
        is_open = _IS_OPEN if place.says_end else "false"
        cursor.execute(_INSERT.format(**numbers, is_all_new=is_all_new, is_open=is_open))
        cursor.execute(f"select current_setting('{_ADDED}')::bigint")
        if cursor.fetchone()[0] == len(chunk.lines):
            return {}
        cursor.execute(_ALREADY_THERE, [batch.recipe_version, batch.feed_id, batch.pk, place.file_number])
        return dict(cursor.fetchall())


def _once_each(chunk: WorkChunk, settled: Settled) -> WorkChunk:
    if len(set(chunk.key_hashes)) == len(chunk.key_hashes):
        return chunk
    first: dict[bytes, bytes] = {}
    kept = [False] * len(chunk.lines)
    for number in sorted(range(len(chunk.lines)), key=chunk.lines.__getitem__):
        key, content = chunk.key_hashes[number], chunk.content_hashes[number]
        if key not in first:
            first[key] = content
            kept[number] = True
        else:
            settled.settle_known(first[key] == content, chunk.lines[number], chunk.raws[number])
    return chunk.only(kept)


def _add_up(batch: Batch, chunk: WorkChunk) -> None:
    parts: dict[str, tuple[list[datetime], list[bytes]]] = {}
    if len(set(chunk.operations)) == 1:
        parts[chunk.operations[0]] = (chunk.instants, chunk.content_hashes)
    else:
        for operation, at, content in zip(chunk.operations, chunk.instants, chunk.content_hashes, strict=True):
            instants, contents = parts.setdefault(operation, ([], []))
            instants.append(at)
            contents.append(content)
    with connection.cursor() as cursor:
        for operation, (instants, contents) in sorted(parts.items()):
            total = sum(map(int.from_bytes, contents))
            cursor.execute(_ADD_UP, [batch.pk, operation, len(instants), min(instants), max(instants), total])
