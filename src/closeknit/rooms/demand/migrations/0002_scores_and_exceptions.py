"""Scores of forecasts, and exceptions that people look at; each seen with its account."""

import django.db.models.deletion
from django.db import migrations, models

BY_ACCOUNT = "(select org_sees_all()) or account_number in (select account_number from org_account_place)"
POLICIES = {
    "demand_score": BY_ACCOUNT,
    "demand_exception": BY_ACCOUNT,
    "demand_exception_step": "(select org_sees_all()) or exception_id in (select id from demand_exception)",
}
FORWARD = """
create policy row_security on {table} using ({seen}) with check (true);
alter table {table} enable row level security, force row level security;
"""
BACKWARD = """
alter table {table} disable row level security, no force row level security;
drop policy row_security on {table};
"""


class Migration(migrations.Migration):
    dependencies = [("demand", "0001_initial"), ("org", "0005_row_security")]

    operations = [
        migrations.CreateModel(
            name='ForecastException',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('thread_id', models.UUIDField()),
                ('operation', models.CharField(max_length=80)),
                ('level', models.CharField(max_length=10)),
                ('service', models.TextField(blank=True)),
                ('region', models.TextField(blank=True)),
                ('work_class', models.TextField(blank=True)),
                ('tier', models.TextField(blank=True)),
                ('account_number', models.TextField(blank=True)),
                ('week_on', models.DateField()),
                ('horizon_weeks', models.PositiveSmallIntegerField()),
                ('causes', models.JSONField()),
                ('mean', models.FloatField()),
                ('low', models.FloatField()),
                ('high', models.FloatField()),
                ('actual', models.FloatField()),
                ('share_limit', models.FloatField()),
                ('consequence', models.FloatField()),
                ('change', models.JSONField(null=True)),
                ('state', models.CharField(choices=[('open', 'open'), ('closed', 'closed')], default='open', max_length=10)),
                ('owner_key', models.CharField(max_length=80)),
                ('raised_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('escalated_at', models.DateTimeField(null=True)),
                ('finding', models.CharField(blank=True, default='', max_length=40)),
                ('finding_text', models.TextField(blank=True, default='')),
                ('follow_up', models.CharField(blank=True, default='', max_length=40)),
                ('follow_up_id', models.CharField(blank=True, default='', max_length=200)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by_key', models.CharField(blank=True, default='', max_length=80)),
                ('closed_by_name', models.CharField(blank=True, default='', max_length=120)),
                ('agrees', models.BooleanField(null=True)),
            ],
            options={
                'db_table': 'demand_exception',
            },
        ),
        migrations.CreateModel(
            name='ForecastExceptionStep',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=20)),
                ('at', models.DateTimeField()),
                ('by_key', models.CharField(max_length=80)),
                ('by_name', models.CharField(max_length=120)),
                ('text', models.TextField(blank=True)),
            ],
            options={
                'db_table': 'demand_exception_step',
            },
        ),
        migrations.CreateModel(
            name='Score',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('operation', models.CharField(max_length=80)),
                ('purpose', models.CharField(max_length=20)),
                ('code_version', models.TextField()),
                ('data_version', models.TextField(blank=True)),
                ('level', models.CharField(max_length=10)),
                ('period', models.CharField(max_length=10)),
                ('service', models.TextField(blank=True)),
                ('region', models.TextField(blank=True)),
                ('work_class', models.TextField(blank=True)),
                ('tier', models.TextField(blank=True)),
                ('account_number', models.TextField(blank=True)),
                ('starts_on', models.DateField()),
                ('horizon_weeks', models.PositiveSmallIntegerField()),
                ('method', models.TextField(blank=True)),
                ('mean', models.FloatField()),
                ('statistical_mean', models.FloatField()),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('pinball', models.FloatField(null=True)),
                ('naive', models.FloatField()),
                ('actual', models.FloatField()),
            ],
            options={
                'db_table': 'demand_score',
            },
        ),
        migrations.CreateModel(
            name='ScoredRun',
            fields=[
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='demand.forecastrun')),
                ('until_on', models.DateField()),
                ('week_digests', models.JSONField()),
                ('scored_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'demand_scored_run',
            },
        ),
        migrations.AddField(
            model_name='forecastexception',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='demand.forecastrun'),
        ),
        migrations.AddField(
            model_name='forecastexceptionstep',
            name='exception',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='demand.forecastexception'),
        ),
        migrations.AddField(
            model_name='score',
            name='run',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='demand.forecastrun'),
        ),
        migrations.AddIndex(
            model_name='forecastexception',
            index=models.Index(fields=['operation', 'state', '-consequence'], name='exception_to_look_at'),
        ),
        migrations.AddIndex(
            model_name='forecastexception',
            index=models.Index(fields=['account_number', 'state'], name='exception_of_account'),
        ),
        migrations.AddIndex(
            model_name='forecastexception',
            index=models.Index(condition=models.Q(('escalated_at', None), ('state', 'open')), fields=['due_at'], name='exception_due'),
        ),
        migrations.AddConstraint(
            model_name='forecastexception',
            constraint=models.UniqueConstraint(fields=('operation', 'level', 'service', 'region', 'work_class', 'tier', 'account_number', 'week_on'), name='one_exception_per_series_and_week'),
        ),
        migrations.AddConstraint(
            model_name='forecastexception',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('state', 'open')), models.Q(('closed_at__isnull', False), ('state', 'closed'), models.Q(('finding', ''), _negated=True), models.Q(('finding_text', ''), _negated=True)), _connector='OR'), name='forecast_exception_closed_with_finding'),
        ),
        migrations.AddIndex(
            model_name='score',
            index=models.Index(fields=['operation', 'period', 'level', 'starts_on'], name='score_of_week'),
        ),
        migrations.AddIndex(
            model_name='score',
            index=models.Index(fields=['run', 'starts_on'], name='score_of_run'),
        ),
        migrations.AddIndex(
            model_name='score',
            index=models.Index(fields=['account_number', 'starts_on'], name='score_of_account'),
        ),
        *(
            migrations.RunSQL(FORWARD.format(table=table, seen=seen), BACKWARD.format(table=table))
            for table, seen in POLICIES.items()
        ),
    ]
