import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# What waited before there was a decision table waits for those who could decide then.
ROUTE_WAITING = """
update decisions_proposal set roles = '["service-lead", "executive", "admin"]', escalation = 'approval'
 where state = 'waiting' and roles = '[]'
"""


class Migration(migrations.Migration):
    dependencies = [("decisions", "0004_ciphertext")]
    operations = [
        migrations.CreateModel(
            name="ExceptionRow",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("thread_id", models.UUIDField(db_index=True)),
                ("account_number", models.TextField(blank=True, default="")),
                ("place", models.CharField(blank=True, default="", max_length=120)),
                ("deviates_from", models.CharField(max_length=200)),
                ("allowed", models.TextField()),
                ("reason", models.TextField()),
                ("money_at_stake", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("starts_on", models.DateField()),
                ("until_on", models.DateField()),
                ("review_on", models.DateField()),
                ("owner_key", models.CharField(max_length=80)),
                ("owner_name", models.CharField(max_length=120)),
                ("requested_by_key", models.CharField(max_length=80)),
                ("requested_by_name", models.CharField(max_length=120)),
                ("requested_at", models.DateTimeField()),
                ("expiry_noted_at", models.DateTimeField(null=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("reviewed_by_name", models.CharField(blank=True, default="", max_length=120)),
                ("review_note", models.TextField(blank=True, default="")),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by_name", models.CharField(blank=True, default="", max_length=120)),
            ],
            options={
                "db_table": "decisions_exception",
            },
        ),
        migrations.CreateModel(
            name="PolicyRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=60, unique=True)),
                ("digest", models.CharField(max_length=64)),
                ("text", models.TextField()),
                ("is_shipped", models.BooleanField(default=False)),
                ("adopted_by_key", models.CharField(max_length=80)),
                ("adopted_by_name", models.CharField(max_length=120)),
                ("adopted_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("reason", models.TextField(blank=True, default="")),
                ("thread_id", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "decisions_policy",
            },
        ),
        migrations.CreateModel(
            name="ProposalAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_key", models.CharField(max_length=80)),
                ("person_name", models.CharField(max_length=120)),
                ("for_key", models.CharField(blank=True, default="", max_length=80)),
                ("for_name", models.CharField(blank=True, default="", max_length=120)),
                ("role", models.CharField(max_length=40)),
                ("approves", models.BooleanField()),
                ("reason", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField()),
            ],
            options={
                "db_table": "decisions_proposal_answer",
            },
        ),
        migrations.RemoveConstraint(
            model_name="proposal",
            name="one_proposal_per_subject",
        ),
        migrations.AddField(
            model_name="proposal",
            name="account_number",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="proposal",
            name="after",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="proposal",
            name="approvals",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="proposal",
            name="before",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="proposal",
            name="effects",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="proposal",
            name="escalation",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="proposal",
            name="expires_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="proposal",
            name="policy_row",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="proposal",
            name="policy_version",
            field=models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        migrations.AddField(
            model_name="proposal",
            name="proposed_for_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
        migrations.AddField(
            model_name="proposal",
            name="proposed_for_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="proposal",
            name="question",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="proposal",
            name="roles",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="proposal",
            name="tier",
            field=models.CharField(db_default="none", default="none", max_length=12),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="decided_by_name",
            field=models.CharField(blank=True, default="", max_length=250),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("approved", "Approved"),
                    ("rejected", "Rejected"),
                    ("withdrawn", "Withdrawn"),
                    ("expired", "Expired"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["expires_at"], name="proposal_expiring"
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(fields=["subject", "-proposed_at"], name="proposal_by_subject"),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(fields=["account_number"], name="proposal_by_account"),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "plan"), ("state", "waiting"), _connector="OR"),
                fields=("kind", "subject"),
                name="one_proposal_at_a_time",
            ),
        ),
        migrations.AddField(
            model_name="exceptionrow",
            name="extends",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="decisions.exceptionrow"
            ),
        ),
        migrations.AddField(
            model_name="exceptionrow",
            name="proposal",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="decisions.proposal"
            ),
        ),
        migrations.AddField(
            model_name="proposalanswer",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="decisions.proposal"
            ),
        ),
        migrations.AddIndex(
            model_name="exceptionrow",
            index=models.Index(fields=["account_number", "until_on"], name="exception_by_account"),
        ),
        migrations.AddIndex(
            model_name="exceptionrow",
            index=models.Index(condition=models.Q(("ended_at", None)), fields=["until_on"], name="exception_open"),
        ),
        migrations.AddConstraint(
            model_name="exceptionrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_on__gte", models.F("starts_on"))), name="exception_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptionrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("review_on__gte", models.F("starts_on")), ("review_on__lte", models.F("until_on"))),
                name="exception_reviewed_while_it_runs",
            ),
        ),
        migrations.AddConstraint(
            model_name="exceptionrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="exception_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="proposalanswer",
            constraint=models.UniqueConstraint(fields=("proposal", "person_key"), name="one_answer_per_person"),
        ),
        migrations.RunSQL(ROUTE_WAITING, migrations.RunSQL.noop),
    ]
