import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('capacity', '0010_rosters_guarded'),
    ]

    operations = [
        migrations.CreateModel(
            name='ShortageRow',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('thread_id', models.UUIDField(db_index=True)),
                ('operation', models.CharField(max_length=80)),
                ('state', models.CharField(default='open', max_length=20)),
                ('opened_at', models.DateTimeField()),
                ('opened_by_key', models.CharField(max_length=80)),
                ('opened_by_name', models.CharField(max_length=120)),
                ('first_short_on', models.DateField()),
                ('claimants_short', models.PositiveIntegerField()),
                ('short_hours', models.FloatField()),
                ('short_hours_after', models.FloatField()),
                ('recovery_on', models.DateField(null=True)),
                ('recovery_without_on', models.DateField(null=True)),
                ('cost_before', models.DecimalField(decimal_places=2, max_digits=18)),
                ('cost_after', models.DecimalField(decimal_places=2, max_digits=18)),
                ('lender_claimants_short', models.PositiveIntegerField()),
                ('outside', models.JSONField(default=list)),
                ('inputs_digest', models.CharField(max_length=64)),
                ('result_digest', models.CharField(max_length=64)),
                ('code_version', models.CharField(max_length=40)),
                ('proposal_id', models.UUIDField(null=True)),
                ('in_force_at', models.DateTimeField(null=True)),
                ('replan_thread_id', models.UUIDField(null=True)),
                ('checked_at', models.DateTimeField(null=True)),
                ('checked_plan_id', models.UUIDField(null=True)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='capacity.plan')),
            ],
            options={
                'db_table': 'capacity_shortage',
            },
        ),
        migrations.CreateModel(
            name='StaffMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_pool', models.CharField(blank=True, default='', max_length=120)),
                ('to_pool', models.CharField(max_length=120)),
                ('units', models.PositiveIntegerField()),
                ('from_on', models.DateField()),
                ('until_on', models.DateField()),
                ('hours', models.FloatField()),
                ('cost', models.DecimalField(decimal_places=2, max_digits=18)),
                ('in_force_at', models.DateTimeField(null=True)),
                ('shortage', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='capacity.shortagerow')),
            ],
            options={
                'db_table': 'capacity_staff_move',
            },
        ),
        migrations.AddIndex(
            model_name='shortagerow',
            index=models.Index(fields=['operation', '-opened_at'], name='shortage_newest'),
        ),
        migrations.AddConstraint(
            model_name='shortagerow',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'turned down'), _negated=True), fields=('plan',), name='one_standing_shortage_per_plan'),
        ),
        migrations.AddConstraint(
            model_name='shortagerow',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'proposed', 'in force', 'turned down', 'recovered', 'not recovered'])), name='shortage_state_known'),
        ),
        migrations.AddConstraint(
            model_name='staffmove',
            constraint=models.CheckConstraint(condition=models.Q(('until_on__gt', models.F('from_on'))), name='staff_move_ends_later'),
        ),
        migrations.AddConstraint(
            model_name='staffmove',
            constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0), ('units__lte', 10000)), name='staff_move_units_sane'),
        ),
        migrations.AddConstraint(
            model_name='staffmove',
            constraint=models.CheckConstraint(condition=models.Q(('from_pool', models.F('to_pool')), _negated=True), name='staff_move_between_two'),
        ),
    ]
