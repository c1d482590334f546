"""Where a source repeats a thing at every update, which of its rows counts: one per thing, the latest."""

from collections.abc import Iterable
from typing import Any

from closeknit.rooms.sensing.contracts import BadRow, RawRow
from closeknit.rooms.sensing.mapping.recipe import Stream
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.rows import RowMapper
from closeknit.rooms.sensing.mapping.values import Form, reader


class Superseding:
    """Knows, after one pass over a file, which line is the latest of each thing. Holds one entry per thing.

    Rows that the recipe's own rules refuse are not in the running: they go to quarantine.
    """

    def __init__(self, stream: Stream, mapper: RowMapper, chunks: Iterable[list[tuple[int, RawRow]]]) -> None:
        assert stream.one_per is not None
        self._mapper = mapper
        self._column = stream.one_per.column
        order_by = stream.one_per.order_by
        number = reader("number", order_by, Form())
        latest: dict[Any, tuple[float, int]] = {}
        for chunk in chunks:
            for line, raw in chunk:
                found = None if isinstance(raw, BadRow) else self._in_the_running(raw)
                if found is None:
                    continue
                rank = _rank(number, mapper.column(found, order_by)) if order_by else 0.0
                thing = mapper.column(found, self._column)
                latest[thing] = max(latest.get(thing, (float("-inf"), 0)), (rank, line))
        self._latest = {thing: line for thing, (_, line) in latest.items()}

    def replaces(self, line: int, raw: tuple[Any, ...]) -> bool:
        """Tell whether a later row replaces this one.

        Raises Refused where the recipe's rules refuse the row.
        """
        row = self._mapper.clean(raw)
        self._mapper.refuse(row)
        return self._latest.get(self._mapper.column(row, self._column), line) != line

    def _in_the_running(self, raw: tuple[Any, ...]) -> list[Any] | None:
        row = self._mapper.clean(raw)
        try:
            self._mapper.refuse(row)
        except Refused:
            return None
        return row if self._mapper.column(row, self._column) is not None else None


def _rank(number: Any, value: Any) -> float:
    try:
        return float("-inf") if value is None else float(number(value))
    except Refused:
        return float("-inf")
