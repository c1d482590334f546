import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('decisions', '0007_notices'),
    ]

    operations = [
        migrations.CreateModel(
            name='Duty',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('about', models.TextField(blank=True, default='')),
                ('owner_key', models.CharField(max_length=80)),
                ('template', models.CharField(blank=True, default='', max_length=60)),
                ('rule', models.JSONField()),
                ('evidence', models.JSONField(default=list)),
                ('statement', models.TextField()),
                ('starts_on', models.DateField()),
                ('generated_through', models.DateField()),
                ('created_at', models.DateTimeField()),
                ('created_by_name', models.CharField(max_length=120)),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_reason', models.TextField(blank=True, default='')),
                ('thread_id', models.UUIDField()),
            ],
            options={
                'db_table': 'decisions_duty',
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None), models.Q(('template', ''), _negated=True)), fields=('template', 'owner_key'), name='one_duty_per_template_and_owner')],
            },
        ),
        migrations.CreateModel(
            name='DutyOccurrence',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('duty', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='decisions.duty')),
                ('owner_key', models.CharField(max_length=80)),
                ('due_on', models.DateField()),
                ('due_at', models.DateTimeField()),
                ('since_at', models.DateTimeField()),
                ('sign_by_at', models.DateTimeField()),
                ('thread_id', models.UUIDField()),
                ('evidence', models.BinaryField(null=True)),
                ('evidence_sha256', models.CharField(blank=True, default='', max_length=64)),
                ('gathered_at', models.DateTimeField(null=True)),
                ('escalated_at', models.DateTimeField(null=True)),
                ('signed_at', models.DateTimeField(null=True)),
                ('signed_by_key', models.CharField(blank=True, default='', max_length=80)),
                ('signed_by_name', models.CharField(blank=True, default='', max_length=120)),
                ('signed_for_key', models.CharField(blank=True, default='', max_length=80)),
                ('signed_for_name', models.CharField(blank=True, default='', max_length=120)),
                ('remark', models.TextField(blank=True, default='')),
            ],
            options={
                'db_table': 'decisions_duty_occurrence',
                'indexes': [models.Index(condition=models.Q(('signed_at', None)), fields=['sign_by_at'], name='duty_open'), models.Index(fields=['-due_on'], name='duty_by_due_date')],
                'constraints': [models.UniqueConstraint(fields=('duty', 'due_on'), name='one_occurrence_per_due_date')],
            },
        ),
    ]
