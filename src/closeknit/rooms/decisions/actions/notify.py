"""Tell people something, in the transaction of what they are told of."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions.compute.messages import one_line

MOST_BODY = 4000
UPSERT = """
insert into decisions_notice as n (id, person_key, cause, title, body, link, is_urgent, account_number, permission,
                                   thread_id, updates, routed_updates, first_at, last_at)
select u.id, u.person_key, %(cause)s, %(title)s, %(body)s, %(link)s, %(urgent)s, %(account)s, %(permission)s,
       %(thread)s, 1, 0, %(at)s, %(at)s
  from unnest(%(ids)s::uuid[], %(keys)s::text[]) as u (id, person_key)
on conflict (person_key, cause) do update
   set title = excluded.title, body = excluded.body, link = excluded.link, is_urgent = excluded.is_urgent,
       account_number = excluded.account_number, permission = excluded.permission, thread_id = excluded.thread_id,
       updates = n.updates + 1, last_at = excluded.last_at, read_at = null
"""
SETTLE = """
with settled as (update decisions_notice set read_at = coalesce(read_at, %(at)s), routed_updates = updates
                  where cause = %(cause)s returning id)
delete from decisions_gathered_notice g using settled s where g.notice_id = s.id
"""


def notify_people(
    *,
    to: Iterable[str],
    cause: str,
    title: str,
    body: str,
    link: str,
    urgent: bool,
    thread_id: UUID,
    account_number: str = "",
    permission: str = "",
    by: Actor,
    at: datetime,
) -> None:
    """Leave each person (by actor key) a notice about a cause; one that stands already counts up and is unread again.

    It commits with the caller's change and needs no permission of its own; the worker takes it to mail and webhook.
    Whoever may not see `account_number`, or no longer holds `permission`, when it goes out or is read gets nothing.
    Keys that are no person's ("system", "console") are passed over.

    Raises:
        RuntimeError: outside a transaction, where a notice could outlive a change that failed.
        Invalid: without a cause or title, or with a link that leads out of the application.
    """
    _check(cause, title, link, by)
    # In one order everywhere: two changes that tell the same people wait for each other and do not lock up.
    keys = sorted({key for key in to if key.startswith("person:")})
    if not keys:
        return
    # Whose notice of this cause stands already may be about an account that the actor does not see.
    with seeing_everything(), connection.cursor() as cursor:
        cursor.execute(
            UPSERT,
            {
                "ids": [ids.new_id() for _ in keys],
                "keys": keys,
                "cause": cause,
                "title": one_line(title)[:200],
                "body": body.strip()[:MOST_BODY],
                "link": link,
                "urgent": urgent,
                "account": account_number,
                "permission": permission,
                "thread": thread_id,
                "at": at,
            },
        )


def settle_notices(*, cause: str, by: Actor, at: datetime) -> None:
    """Mark every notice of a cause as read and take it out of the digests that wait: the matter is over.

    It commits with the caller's change, which had a permission of its own.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"settle_notices by {by.key} needs the transaction of the change that ended the matter")
    with seeing_everything(), connection.cursor() as cursor:
        cursor.execute(SETTLE, {"cause": cause, "at": at})


def _check(cause: str, title: str, link: str, by: Actor) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("notify_people needs the transaction of the change that it reports")
    if not cause or len(cause) > 200 or not one_line(title):
        raise Invalid("A notice needs a cause of at most 200 letters and a title.", where=f"notice by {by.key}")
    if link and not re.fullmatch(r"/(?!/)[\x21-\x5b\x5d-\x7e]{0,299}", link):
        raise Invalid("A notice links to a page of this application.", where=link, todo="Begin it with one slash.")
