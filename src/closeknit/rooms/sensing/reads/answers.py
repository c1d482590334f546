"""Answers to surveys as sources state them; comments stay where they are."""

from datetime import datetime

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.contracts.answers import SurveyAnswer
from closeknit.rooms.sensing.reads.access import require_every_account

_ANSWERS = """
select body->>'account_number', body->>'kind', (body->>'answered_at')::timestamptz, (body->>'score')::float8,
       coalesce(body->>'work_key', '')
  from sensing_fact
 where kind = 'survey' and superseded_at is null and body->>'account_number' <> ''
   and (%(kind)s = '' or body->>'kind' = %(kind)s)
   and (%(accounts)s::text[] is null or body->>'account_number' = any(%(accounts)s))
   and (body->>'answered_at')::timestamptz >= %(since)s and (body->>'answered_at')::timestamptz < %(until)s
   and jsonb_typeof(body->'score') = 'number'
 order by 3 desc, key limit %(limit)s
"""


def list_survey_answers(
    *,
    since: datetime,
    until: datetime,
    by: Actor,
    kind: str = "",
    account_numbers: list[str] | None = None,
    limit: int = 10_000,
) -> list[SurveyAnswer]:
    """Return scored answers within a time, of some accounts or of all (None), the latest first."""
    require_every_account(by)
    given = {"kind": kind, "accounts": account_numbers, "since": since, "until": until, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, given)
        return [SurveyAnswer(*row) for row in cursor.fetchall()]
