"""Databases of others, asked read-only: PostgreSQL by psycopg, all else by SQLAlchemy where that is installed."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, Protocol

from closeknit.kernel.errors import Conflict, Invalid, NotFound

VARIABLE = "CLOSEKNIT_SOURCE_{}"
CONNECT_SECONDS = 10
STATEMENT_MILLISECONDS = 600_000
ROWS_AT_ONCE = 10_000

Row = Sequence[Any]


class Asked(Protocol):
    """A running query: its columns, and its rows in chunks, without ever holding all of them."""

    columns: tuple[str, ...]

    def chunks(self) -> Iterator[list[Row]]:
        """Yield the rows, ten thousand at a time."""


@contextmanager
def ask(source: str, query: str, watermark: str) -> Iterator[Asked]:
    """Run a query with its `:watermark` on a source named by the environment, and close everything afterwards.

    Raises:
        NotFound: when the variable is not set.
        Conflict: when the database cannot be reached, or breaks off: worth trying again.
        Invalid: when it refuses the query, with its words.
    """
    variable = VARIABLE.format(source)
    url = os.environ.get(variable, "")
    if not url:
        raise NotFound(
            f"The source {source} has no address.",
            where=variable,
            todo=f"Set {variable} in the environment of the worker, as in postgresql://reader:…@erp/sales.",
        )
    opened = _ask_postgres if url.startswith(("postgresql://", "postgres://")) else _ask_by_sqlalchemy
    with opened(source, url, query, watermark) as asked:
        yield asked


def line_of_row(columns: Sequence[str], row: Row) -> bytes:
    """Return a row as one strict JSON object: numbers digit by digit, times in ISO 8601."""
    return json.dumps(dict(zip(columns, map(plain, row), strict=True))).encode()


def plain(value: Any) -> Any:
    """Return a database's value as JSON has it. What JSON cannot hold exactly becomes its text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)


@contextmanager
def _ask_postgres(source: str, url: str, query: str, watermark: str) -> Iterator[Asked]:
    import psycopg
    from psycopg import sql

    options = f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_MILLISECONDS}"
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS, options=options) as opened:
            cursor = psycopg.ServerCursor(opened, "closeknit_pull")
            with cursor:
                cursor.execute(sql.SQL(_marked(query)), {"watermark": watermark})
                columns = tuple(column.name for column in cursor.description or ())
                yield _Cursor(columns, cursor)
    except (psycopg.OperationalError, psycopg.InterfaceError) as failure:
        raise _gone(source, failure) from None
    except psycopg.Error as failure:
        raise _refused(source, failure) from None


def _marked(query: str) -> str:
    return query.replace("%", "%%").replace(":watermark", "%(watermark)s")


@contextmanager
def _ask_by_sqlalchemy(source: str, url: str, query: str, watermark: str) -> Iterator[Asked]:
    try:
        import sqlalchemy
        from sqlalchemy import exc
    except ImportError:
        raise NotFound(
            f"The source {source} is no PostgreSQL, and SQLAlchemy is not installed.",
            where=VARIABLE.format(source),
            todo="Install closeknit[sql] and the driver of that database.",
        ) from None
    try:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.connect().execution_options(stream_results=True) as opened:
            result = opened.execute(sqlalchemy.text(query), {"watermark": watermark})
            yield _Cursor(tuple(result.keys()), result)
    except (exc.OperationalError, exc.InterfaceError) as failure:
        raise _gone(source, failure) from None
    except (exc.SQLAlchemyError, ModuleNotFoundError) as failure:
        raise _refused(source, failure) from None


class _Cursor:
    def __init__(self, columns: tuple[str, ...], rows: Any) -> None:
        self.columns = columns
        self._rows = iter(rows)

    def chunks(self) -> Iterator[list[Row]]:
        while chunk := list[Row](tuple(row) for row in islice(self._rows, ROWS_AT_ONCE)):
            yield chunk


def _gone(source: str, failure: Exception) -> Conflict:
    return Conflict(
        f"The source {source} cannot be asked: {_first_line(failure)}",
        where=VARIABLE.format(source),
        kept="What came before stays; the next pull goes on from there.",
        todo="Check its address and that it runs.",
    )


def _refused(source: str, failure: Exception) -> Invalid:
    return Invalid(
        f"The source {source} refused the query: {_first_line(failure)}",
        where="query",
        kept="What came before stays.",
        todo="Open a pull with a corrected query.",
    )


def _first_line(failure: Exception) -> str:
    # Drivers put the address, and with it the password, into no message; only the first line is shown all the same.
    return (str(failure).strip().splitlines() or [type(failure).__name__])[0][:200]
