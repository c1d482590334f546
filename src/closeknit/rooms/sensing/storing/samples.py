"""A few rows of each stream's last load, kept to try a changed recipe on."""

from itertools import islice

from closeknit.rooms.sensing.contracts import BadRow, SourceFile
from closeknit.rooms.sensing.mapping.recipe import Stream
from closeknit.rooms.sensing.models import Batch, SampleRows
from closeknit.rooms.sensing.storing.refused import safe

MOST_ROWS = 100


def keep_sample(batch: Batch, stream: Stream, file: SourceFile, private: frozenset[str]) -> None:
    """Keep the first rows of a file in place of those of the load before, without private columns."""
    chunk = next(iter(file.read(0, MOST_ROWS)), [])
    rows = [
        [line, [None if name in private else safe(value) for name, value in zip(file.columns, raw, strict=True)]]
        for line, raw in islice(chunk, MOST_ROWS)
        if not isinstance(raw, BadRow)
    ]
    SampleRows.objects.update_or_create(
        feed_id=batch.feed_id,
        stream=stream.name,
        defaults={
            "batch": batch,
            "source_name": file.name[:300],
            "columns": list(file.columns),
            "rows": rows,
        },
    )
