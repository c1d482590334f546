import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0005_approvals"),
    ]

    operations = [
        migrations.CreateModel(
            name="DutyCalendar",
            fields=[
                ("calendar", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=120)),
                ("time_zone", models.CharField(max_length=60)),
            ],
            options={
                "db_table": "decisions_duty_calendar",
            },
        ),
        migrations.CreateModel(
            name="DutyShiftRow",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("person_key", models.CharField(max_length=80)),
                ("weekday", models.PositiveSmallIntegerField()),
                ("starts_local", models.TimeField()),
                ("ends_local", models.TimeField()),
                ("from_on", models.DateField()),
                ("until_on", models.DateField(null=True)),
            ],
            options={
                "db_table": "decisions_duty_shift",
            },
        ),
        migrations.CreateModel(
            name="DutySwapRow",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("person_key", models.CharField(max_length=80)),
                ("replaces_key", models.CharField(blank=True, default="", max_length=80)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "decisions_duty_swap",
            },
        ),
        migrations.CreateModel(
            name="Escalation",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("path", models.CharField(max_length=40)),
                ("path_version", models.PositiveIntegerField()),
                ("body", models.JSONField()),
                ("cause", models.CharField(max_length=200)),
                ("title", models.CharField(max_length=200)),
                ("summary", models.TextField()),
                ("account_number", models.CharField(blank=True, default="", max_length=80)),
                ("thread_id", models.UUIDField(db_index=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("acknowledged", "Acknowledged"), ("closed", "Closed")],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("level", models.PositiveSmallIntegerField(default=0)),
                ("steps", models.PositiveIntegerField(default=0)),
                ("asked_keys", models.JSONField(default=list)),
                ("handed_back_keys", models.JSONField(default=list)),
                ("holder_key", models.CharField(blank=True, default="", max_length=80)),
                ("raised_at", models.DateTimeField()),
                ("next_level_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "decisions_escalation",
            },
        ),
        migrations.CreateModel(
            name="EscalationPathRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=40)),
                ("version", models.PositiveIntegerField()),
                ("body", models.JSONField()),
                ("adopted_by_key", models.CharField(max_length=80)),
                ("adopted_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("reason", models.TextField()),
            ],
            options={
                "db_table": "decisions_escalation_path",
            },
        ),
        migrations.CreateModel(
            name="EscalationStepRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=12)),
                ("level", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                ("actor_key", models.CharField(max_length=80)),
                ("for_key", models.CharField(blank=True, default="", max_length=80)),
                ("asked_keys", models.JSONField(default=list)),
                ("reason", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "decisions_escalation_step",
            },
        ),
        migrations.AddField(
            model_name="dutyshiftrow",
            name="calendar",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="decisions.dutycalendar"
            ),
        ),
        migrations.AddField(
            model_name="dutyswaprow",
            name="calendar",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="decisions.dutycalendar"
            ),
        ),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(
                condition=models.Q(("state", "closed"), _negated=True), fields=["next_level_at"], name="escalation_due"
            ),
        ),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(fields=["-raised_at"], name="escalation_newest"),
        ),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(fields=["account_number"], name="escalation_by_account"),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "closed"), _negated=True),
                fields=("cause",),
                name="one_open_escalation_per_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", False), ("next_level_at", None), ("state", "closed")),
                    models.Q(
                        models.Q(("state", "closed"), _negated=True),
                        ("closed_at", None),
                        ("next_level_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="open_escalation_has_a_timer",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalationpathrow",
            constraint=models.UniqueConstraint(fields=("path", "version"), name="escalation_path_version"),
        ),
        migrations.AddField(
            model_name="escalationsteprow",
            name="escalation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="decisions.escalation"
            ),
        ),
        migrations.AddIndex(
            model_name="dutyshiftrow",
            index=models.Index(fields=["calendar", "weekday"], name="duty_shift_by_day"),
        ),
        migrations.AddIndex(
            model_name="dutyswaprow",
            index=models.Index(fields=["calendar", "ends_at"], name="duty_swap_by_end"),
        ),
        migrations.AddConstraint(
            model_name="dutyswaprow",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="duty_swap_has_length"
            ),
        ),
        migrations.AddConstraint(
            model_name="escalationsteprow",
            constraint=models.UniqueConstraint(fields=("escalation", "number"), name="escalation_step_once"),
        ),
    ]
