"""Stewards by domain, field and place, and what departments do not get of each other."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
alter table org_stewardship add constraint one_steward_at_a_time exclude using gist (
    org_text_range(domain, domain, '[]') with =,
    org_text_range(field, field, '[]') with =,
    org_text_range(level, level, '[]') with =,
    org_text_range(place, place, '[]') with =,
    tstzrange(starts_at, ends_at, '[)') with &&
);
"""
BACKWARD = "alter table org_stewardship drop constraint one_steward_at_a_time;"


class Migration(migrations.Migration):

    dependencies = [
        ('org', '0005_row_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='DepartmentSharing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(max_length=40)),
                ('field', models.CharField(blank=True, default='', max_length=80)),
                ('department', models.CharField(max_length=20)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(max_length=500)),
                ('set_by_key', models.CharField(max_length=80)),
                ('set_by_name', models.CharField(max_length=120)),
                ('set_at', models.DateTimeField()),
                ('end_reason', models.CharField(blank=True, default='', max_length=500)),
                ('thread_id', models.UUIDField(db_index=True)),
            ],
            options={
                'db_table': 'org_department_sharing',
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gte', models.F('starts_at')), _connector='OR'), name='sharing_ends_after_start'), models.UniqueConstraint(condition=models.Q(('ends_at', None)), fields=('domain', 'field', 'department'), name='one_open_sharing_rule')],
            },
        ),
        migrations.CreateModel(
            name='Stewardship',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(max_length=40)),
                ('field', models.CharField(blank=True, default='', max_length=80)),
                ('level', models.CharField(max_length=8)),
                ('place', models.TextField(blank=True, default='')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(max_length=500)),
                ('appointed_by_key', models.CharField(max_length=80)),
                ('appointed_by_name', models.CharField(max_length=120)),
                ('appointed_at', models.DateTimeField()),
                ('end_reason', models.CharField(blank=True, default='', max_length=500)),
                ('thread_id', models.UUIDField(db_index=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.person')),
            ],
            options={
                'db_table': 'org_stewardship',
                'indexes': [models.Index(fields=['domain', 'field'], name='steward_by_subject')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gte', models.F('starts_at')), _connector='OR'), name='steward_ends_after_start'), models.CheckConstraint(condition=models.Q(models.Q(('level', 'global'), ('place', '')), models.Q(('level__in', ['region', 'site']), models.Q(('place', ''), _negated=True)), _connector='OR'), name='steward_has_a_place')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
