"""Tokens get scopes and an end.

Those that are there keep what they could do, which was all that their person may, and end in 90 days.
"""

from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Now

DAYS = 90
KEPT = """
update org_api_token set expires_at = now() + make_interval(days => %d), scopes = '[
    "accounts.read", "capacity.read", "decisions.read", "prices.read", "money.read", "internal.read", "personal.read",
    "feeds.read", "ledger.read", "data.load", "plan.run", "plan.commit", "proposals.decide", "events.replay"
]'::jsonb
""" % DAYS  # noqa: UP031 - the text holds no other percent sign


class Migration(migrations.Migration):
    dependencies = [("org", "0002_access")]

    operations = [
        migrations.AddField("apitoken", "scopes", models.JSONField(default=list)),
        migrations.AddField("apitoken", "expires_at", models.DateTimeField(db_default=Now()), preserve_default=False),
        migrations.AddField("apitoken", "last_used_at", models.DateTimeField(null=True)),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.AlterField("apitoken", "expires_at", models.DateTimeField()),
        migrations.AddConstraint(
            "apitoken",
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="token_has_length"),
        ),
    ]
