"""Two roles in the database: the owner of the tables migrates; the application works under a role that owns nothing.

The application's role is no superuser, does not bypass row security, and may only add to tables that only grow
(those with the trigger `ledger_only_grows`). It logs in itself (embedded database, CLOSEKNIT_APP_DATABASE_URL), or
the owner's login takes it at once (`role` in the connection's options).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from closeknit.kernel import scope
from closeknit.kernel.errors import Conflict

READ_ONLY = ("django_migrations",)
GRANTS = """
do $$
declare
    app constant text := {role};
    one record;
begin
    execute format('grant connect, temporary on database %I to %I', current_database(), app);
    execute format('grant usage on schema public to %I', app);
    execute format('grant select, insert, update, delete on all tables in schema public to %I', app);
    execute format('grant select, usage on all sequences in schema public to %I', app);
    execute format('alter default privileges in schema public'
                   ' grant select, insert, update, delete on tables to %I', app);
    execute format('alter default privileges in schema public grant select, usage on sequences to %I', app);
    for one in select tgrelid::regclass as name from pg_trigger where tgname = 'ledger_only_grows' loop
        execute format('revoke update, delete, truncate on %s from %I', one.name, app);
    end loop;
    for one in select c.oid::regclass as name from pg_class c where c.oid = any({read_only}::regclass[]) loop
        execute format('revoke insert, update, delete, truncate on %s from %I', one.name, app);
    end loop;
end $$
"""
LACKING = """
select exists (
    select from pg_class c
      left join pg_trigger g on g.tgrelid = c.oid and g.tgname = 'ledger_only_grows'
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> all(%(read_only)s)
       and (not has_table_privilege(%(role)s, c.oid, 'select') or not has_table_privilege(%(role)s, c.oid, 'insert')
            or has_table_privilege(%(role)s, c.oid, 'update') = (g.oid is not null)
            or has_table_privilege(%(role)s, c.oid, 'delete') = (g.oid is not null))
    union all
    select from (select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S' offset 0) s
     where not has_sequence_privilege(%(role)s, s.oid, 'usage'))
"""


@contextmanager
def as_owner() -> Iterator[None]:
    """Connect as the owner of the tables, seeing every row (row security is forced on owners too); then as before.

    Not inside a transaction: the connection is closed on both ways.
    """
    wrapper = scope.wrapper_of_this_thread()
    kept = wrapper.settings_dict
    wrapper.close()
    wrapper.settings_dict = {**kept, **settings.DATABASE_OWNER, "NAME": kept["NAME"]}
    try:
        with scope.seeing_everything():
            yield
    finally:
        wrapper.close()
        wrapper.settings_dict = kept


def ensure_app_role() -> None:
    """As owner: make the application's role where it is not there yet.

    Raises:
        Conflict: where this login may not make or take the role, or the role could see past row security.
    """
    role, own_login = settings.DATABASE_ROLE, settings.DATABASE_ROLE_LOGS_IN
    with connection.cursor() as cursor:
        found = _role(cursor, role)
        if found is None:
            _create(cursor, role, own_login)
        elif own_login and not found["rolcanlogin"]:
            cursor.execute(sql.SQL("alter role {} login").format(sql.Identifier(role)))
        _refuse_strong(_role(cursor, role), role)
        if not own_login:
            _join(cursor, role)


def ensure_grants() -> None:
    """As owner: give the application's role what it needs on every table, and nothing more, where that is not so."""
    with connection.cursor() as cursor:
        cursor.execute(LACKING, {"role": settings.DATABASE_ROLE, "read_only": list(READ_ONLY)})
        if cursor.fetchone()[0]:
            there = [name for name in READ_ONLY if name in connection.introspection.table_names(cursor)]
            cursor.execute(
                sql.SQL(GRANTS).format(role=sql.Literal(settings.DATABASE_ROLE), read_only=sql.Literal(there))
            )


def _role(cursor: Any, role: str) -> dict[str, Any] | None:
    cursor.execute("select rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname = %s", [role])
    row = cursor.fetchone()
    return dict(zip(("rolcanlogin", "rolsuper", "rolbypassrls"), row, strict=True)) if row else None


def _create(cursor: Any, role: str, own_login: bool) -> None:
    cursor.execute("select rolcreaterole or rolsuper from pg_roles where rolname = current_user")
    if not cursor.fetchone()[0]:
        raise _not_ours(role, "is not there, and this login may not make it")
    kind = "login" if own_login else "nologin"
    # Another process may make it between our look and now; roles belong to the whole cluster.
    cursor.execute(
        sql.SQL(
            "do $$ begin create role {} {} nosuperuser nobypassrls nocreatedb nocreaterole;"
            " exception when duplicate_object or unique_violation then null; end $$"
        ).format(sql.Identifier(role), sql.SQL(kind))
    )


def _refuse_strong(found: dict[str, Any] | None, role: str) -> None:
    if found and (found["rolsuper"] or found["rolbypassrls"]):
        raise Conflict(
            f"The role {role} sees past row security.",
            where="the application's role in the database",
            kept="Nothing was changed.",
            todo=f"Have a superuser run: alter role {role} nosuperuser nobypassrls;",
        )


def _join(cursor: Any, role: str) -> None:
    """See that this login may take the role: a membership may be without that right (PostgreSQL 16), so try it."""
    take = sql.SQL("set local role {}").format(sql.Identifier(role))
    try:
        with transaction.atomic():
            cursor.execute(take)
            transaction.set_rollback(True)
    except DatabaseError:
        try:
            with transaction.atomic():
                cursor.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))
        except DatabaseError as failure:
            raise _not_ours(role, "this login may not take") from failure


def _not_ours(role: str, trouble: str) -> Conflict:
    return Conflict(
        f"The application works under the role {role}, which {trouble}.",
        where="DATABASE_URL",
        kept="Nothing was changed.",
        todo=f'Have a superuser run: create role {role}; grant {role} to "<the login in DATABASE_URL>";',
    )
