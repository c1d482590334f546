"""Backtests that were asked for, and the run of each of their origins."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('demand', '0005_stands_since'),
    ]

    operations = [
        migrations.CreateModel(
            name='Backtest',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('operation', models.CharField(max_length=80)),
                ('weeks', models.PositiveSmallIntegerField()),
                ('every_weeks', models.PositiveSmallIntegerField()),
                ('asked_at', models.DateTimeField()),
                ('asked_by', models.CharField(max_length=200)),
                ('stopped_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'demand_backtest',
                'indexes': [models.Index(fields=['operation', '-asked_at'], name='backtest_newest')],
            },
        ),
        migrations.CreateModel(
            name='BacktestRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_on', models.DateField()),
                ('failure', models.TextField(blank=True, default='')),
                ('backtest', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='demand.backtest')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='demand.forecastrun')),
            ],
            options={
                'db_table': 'demand_backtest_run',
                'constraints': [models.UniqueConstraint(fields=('backtest', 'first_on'), name='one_run_per_origin')],
            },
        ),
    ]
