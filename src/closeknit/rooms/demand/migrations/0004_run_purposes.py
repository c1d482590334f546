"""What a run was made for, what it was made from, and what people's changes came to."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('demand', '0003_overrides'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='forecastrun',
            name='one_run_per_snapshot',
        ),
        migrations.RemoveIndex(
            model_name='forecastrun',
            name='run_newest',
        ),
        migrations.AddField(
            model_name='forecastrun',
            name='adjustments',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='forecastrun',
            name='frozen_until_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='forecastrun',
            name='horizon_reason',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='forecastrun',
            name='purpose',
            field=models.CharField(default='plan', max_length=12),
        ),
        migrations.AddField(
            model_name='forecastrun',
            name='scenario',
            field=models.CharField(blank=True, default='', max_length=80),
        ),
        migrations.AddField(
            model_name='forecastrun',
            name='snapshot',
            field=models.BinaryField(default=b''),
        ),
        migrations.AddIndex(
            model_name='forecastrun',
            index=models.Index(fields=['operation', 'purpose', '-made_at'], name='run_newest'),
        ),
        migrations.AddConstraint(
            model_name='forecastrun',
            constraint=models.UniqueConstraint(fields=('operation', 'snapshot_digest', 'code_version', 'purpose', 'scenario'), name='one_run_per_snapshot'),
        ),
    ]
