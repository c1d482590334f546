"""Overrides of forecasts with what they were worth, and assumptions; each seen with its account."""

import django.db.models.deletion
from django.db import migrations, models

TABLES = ("demand_override", "demand_override_week", "demand_assumption")
FORWARD = """
create policy row_security on {table} using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table {table} enable row level security, force row level security;
"""
BACKWARD = """
alter table {table} disable row level security, no force row level security;
drop policy row_security on {table};
"""


class Migration(migrations.Migration):
    dependencies = [("demand", "0002_scores_and_exceptions"), ("org", "0005_row_security")]

    operations = [
        migrations.CreateModel(
            name='Assumption',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('thread_id', models.UUIDField(db_index=True)),
                ('operation', models.CharField(max_length=80)),
                ('scenario', models.CharField(max_length=80)),
                ('statement', models.TextField()),
                ('service', models.TextField(blank=True, default='')),
                ('region', models.TextField(blank=True, default='')),
                ('work_class', models.TextField(blank=True, default='')),
                ('tier', models.TextField(blank=True, default='')),
                ('account_number', models.TextField(blank=True, default='')),
                ('kind', models.CharField(max_length=20)),
                ('size', models.FloatField()),
                ('from_on', models.DateField()),
                ('to_on', models.DateField()),
                ('is_peak', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('open', 'open'), ('withdrawn', 'withdrawn'), ('held', 'held'), ('not-held', 'not-held'), ('unchecked', 'unchecked')], default='open', max_length=10)),
                ('author_key', models.CharField(max_length=80)),
                ('author_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('units_forecast', models.FloatField(null=True)),
                ('units_assumed', models.FloatField(null=True)),
                ('units_actual', models.FloatField(null=True)),
                ('tolerance_share', models.FloatField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by_key', models.CharField(blank=True, default='', max_length=80)),
                ('ended_by_name', models.CharField(blank=True, default='', max_length=120)),
                ('verdict', models.TextField(blank=True, default='')),
            ],
            options={
                'db_table': 'demand_assumption',
            },
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('thread_id', models.UUIDField(db_index=True)),
                ('operation', models.CharField(max_length=80)),
                ('service', models.TextField(blank=True, default='')),
                ('region', models.TextField(blank=True, default='')),
                ('work_class', models.TextField(blank=True, default='')),
                ('tier', models.TextField(blank=True, default='')),
                ('account_number', models.TextField(blank=True, default='')),
                ('kind', models.CharField(max_length=20)),
                ('size', models.FloatField()),
                ('from_on', models.DateField()),
                ('to_on', models.DateField()),
                ('expires_on', models.DateField()),
                ('reason_kind', models.CharField(choices=[('promotion', 'promotion'), ('launch', 'launch'), ('customer-said', 'customer-said'), ('contract', 'contract'), ('shutdown', 'shutdown'), ('data-error', 'data-error'), ('experience', 'experience'), ('other', 'other')], max_length=20)),
                ('reason', models.TextField()),
                ('source', models.CharField(blank=True, default='', max_length=120)),
                ('state', models.CharField(choices=[('standing', 'standing'), ('withdrawn', 'withdrawn'), ('expired', 'expired')], default='standing', max_length=10)),
                ('units_change', models.FloatField(null=True)),
                ('author_key', models.CharField(max_length=80)),
                ('author_name', models.CharField(max_length=120)),
                ('made_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by_key', models.CharField(blank=True, default='', max_length=80)),
                ('ended_by_name', models.CharField(blank=True, default='', max_length=120)),
                ('end_reason', models.TextField(blank=True, default='')),
            ],
            options={
                'db_table': 'demand_override',
            },
        ),
        migrations.CreateModel(
            name='OverrideWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_number', models.TextField(blank=True, default='')),
                ('week_on', models.DateField()),
                ('units_before', models.FloatField()),
                ('units_after', models.FloatField()),
                ('units_actual', models.FloatField()),
                ('measured_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'demand_override_week',
            },
        ),
        migrations.AddIndex(
            model_name='assumption',
            index=models.Index(fields=['operation', 'scenario', 'state'], name='assumption_of_scenario'),
        ),
        migrations.AddIndex(
            model_name='assumption',
            index=models.Index(fields=['account_number', '-made_at'], name='assumption_of_account'),
        ),
        migrations.AddConstraint(
            model_name='assumption',
            constraint=models.CheckConstraint(condition=models.Q(('to_on__gt', models.F('from_on'))), name='assumption_window_has_days'),
        ),
        migrations.AddConstraint(
            model_name='assumption',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='assumption_ends_once'),
        ),
        migrations.AddIndex(
            model_name='override',
            index=models.Index(fields=['operation', 'state', 'from_on'], name='override_standing'),
        ),
        migrations.AddIndex(
            model_name='override',
            index=models.Index(fields=['account_number', '-made_at'], name='override_of_account'),
        ),
        migrations.AddConstraint(
            model_name='override',
            constraint=models.CheckConstraint(condition=models.Q(('to_on__gt', models.F('from_on'))), name='override_window_has_days'),
        ),
        migrations.AddConstraint(
            model_name='override',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='override_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='override',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'standing')), models.Q(models.Q(('state', 'standing'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='override_ends_once'),
        ),
        migrations.AddField(
            model_name='overrideweek',
            name='override',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='demand.override'),
        ),
        migrations.AddField(
            model_name='overrideweek',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='demand.forecastrun'),
        ),
        migrations.AddConstraint(
            model_name='overrideweek',
            constraint=models.UniqueConstraint(fields=('override', 'week_on'), name='one_worth_per_override_and_week'),
        ),
        *(migrations.RunSQL(FORWARD.format(table=table), BACKWARD.format(table=table)) for table in TABLES),
    ]
