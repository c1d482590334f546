"""Row security's other half: the connection says which accounts may be seen, and PostgreSQL hides all other rows.

Policies on every table with customer data (migrations named `row_security`) compare a row's account with the setting
`closeknit.scope` of the connection. Nothing set, nothing seen: a forgotten scope shows no row instead of every row.
Each connection remembers its scopes as a stack; a new connection (after a loss, say) starts with the top of it.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from closeknit.kernel.actor import Actor, Scope

SEE_ACCOUNTS = "accounts.read"
SETTING = "closeknit.scope"
ALL = "all"
CHUNKS_AT_ONCE = 500


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Have this thread's connection see the accounts that the actor may see, and afterwards what it saw before."""
    with _seeing(scope_text(actor.scope_of(SEE_ACCOUNTS))):
        yield


@contextmanager
def seeing_everything() -> Iterator[None]:
    """Have this thread's connection see every row: the system's own upkeep, and the owner while migrating."""
    with _seeing(ALL):
        yield


@contextmanager
def _seeing(text: str) -> Iterator[None]:
    wrapper = wrapper_of_this_thread()
    stack = _stack_of(wrapper)
    before = stack[-1] if stack else None
    stack.append(text)
    try:
        _tell(wrapper, before)
        yield
    finally:
        leaves = stack.pop()
        _restore(wrapper, leaves, before)


def switch_to(actor: Actor) -> None:
    """Go on as another actor until the end of the innermost `acting_as`: a request learns by its token who asks.

    Raises:
        RuntimeError: outside `acting_as`, where nothing would end it.
    """
    wrapper = wrapper_of_this_thread()
    stack = _stack_of(wrapper)
    if not stack:
        raise RuntimeError("switch_to() needs an acting_as() around it, which ends it")
    before, stack[-1] = stack[-1], scope_text(actor.scope_of(SEE_ACCOUNTS))
    _tell(wrapper, before)


def each_acting_as(actor: Actor, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of a streamed answer, joined by hundreds, each made in the actor's scope.

    The server asks for them after the request's own scope has ended, and may stop asking at any time: so nothing
    stays set between two parts.
    """
    iterator = iter(chunks)
    while True:
        with acting_as(actor):
            part = b"".join(islice(iterator, CHUNKS_AT_ONCE))
        if not part:
            return
        yield part


def scope_text(scope: Scope) -> str:
    """Return a scope as the policies read it: "all", or its grants by kind as compact JSON."""
    if scope.every_account:
        return ALL
    parts: dict[str, list[object]] = {"teams": [], "regions": [], "accounts": [], "mixed": []}
    for grant in scope.grants:
        given = [part for part in (grant.team_id, grant.region, grant.account_number) if part not in (None, "")]
        if len(given) > 1:
            parts["mixed"].append({"t": grant.team_id, "r": grant.region or None, "a": grant.account_number or None})
        elif grant.team_id is not None:
            parts["teams"].append(grant.team_id)
        elif grant.region:
            parts["regions"].append(grant.region)
        elif grant.account_number:
            parts["accounts"].append(grant.account_number)
    return json.dumps({kind: found for kind, found in parts.items() if found}, separators=(",", ":"))


def begin_with_scope(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Tell a new connection the scope that its thread acts in, if any. Wired to `connection_created`."""
    stack = _stack_of(connection)
    if stack:
        _execute(connection, "select set_config(%s, %s, false)", (SETTING, stack[-1]))


def wrapper_of_this_thread() -> BaseDatabaseWrapper:
    """Return Django's connection itself, not the proxy that stands for each thread's own."""
    return connections[DEFAULT_DB_ALIAS]


def _stack_of(wrapper: BaseDatabaseWrapper) -> list[str]:
    stack: list[str] = vars(wrapper).setdefault("closeknit_scopes", [])
    return stack


def _tell(wrapper: BaseDatabaseWrapper, before: str | None) -> None:
    """Bring an open connection in line with its stack; one that is not open hears it when it opens."""
    stack = _stack_of(wrapper)
    now = stack[-1] if stack else None
    if now == before or wrapper.connection is None:
        return
    # A connection that idled since the last request may be dead: then it is opened anew when first used.
    wrapper.close_if_health_check_failed()
    if wrapper.connection is None:
        return
    if now is None:
        _execute(wrapper, f"reset {SETTING}", ())
    else:
        _execute(wrapper, "select set_config(%s, %s, %s)", (SETTING, now, _in_transaction(wrapper)))


def _restore(wrapper: BaseDatabaseWrapper, leaves: str, before: str | None) -> None:
    if leaves == before or wrapper.connection is None or wrapper.closed_in_transaction:
        return
    if wrapper.connection.info.transaction_status == TransactionStatus.INERROR:
        # The rollback that must come (of the transaction, or to the savepoint around us) restores the setting itself.
        return
    try:
        _tell(wrapper, leaves)
    except Exception:
        # Never hand on a connection whose scope we do not know.
        wrapper.close()
        raise


def _in_transaction(wrapper: BaseDatabaseWrapper) -> bool:
    return wrapper.in_atomic_block or not wrapper.get_autocommit()


def _execute(wrapper: BaseDatabaseWrapper, statement: str, values: tuple[object, ...]) -> None:
    # On the driver's own cursor: this is no query of a page, and must also run where Django bars queries.
    with wrapper.wrap_database_errors, wrapper.connection.cursor() as cursor:
        cursor.execute(statement, values or None)
