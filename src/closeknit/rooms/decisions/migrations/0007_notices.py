import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('decisions', '0006_escalations'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, unique=True)),
                ('url', models.CharField(max_length=500)),
                ('secret', models.BinaryField()),
                ('thread_id', models.UUIDField()),
                ('created_at', models.DateTimeField()),
                ('created_by_name', models.CharField(max_length=120)),
                ('disabled_at', models.DateTimeField(null=True)),
                ('disabled_reason', models.TextField(blank=True, default='')),
                ('failures', models.PositiveIntegerField(default=0)),
                ('rests_until', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'decisions_webhook_endpoint',
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('person_key', models.CharField(max_length=80)),
                ('cause', models.CharField(max_length=200)),
                ('title', models.CharField(max_length=200)),
                ('body', models.TextField(blank=True, default='')),
                ('link', models.CharField(blank=True, default='', max_length=300)),
                ('is_urgent', models.BooleanField(default=False)),
                ('account_number', models.CharField(blank=True, default='', max_length=80)),
                ('permission', models.CharField(blank=True, default='', max_length=60)),
                ('thread_id', models.UUIDField()),
                ('updates', models.PositiveIntegerField(default=1)),
                ('routed_updates', models.PositiveIntegerField(default=0)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'decisions_notice',
                'indexes': [models.Index(fields=['person_key', '-last_at'], name='notice_by_person'), models.Index(condition=models.Q(('read_at', None)), fields=['person_key'], name='notice_unread'), models.Index(condition=models.Q(('routed_updates__lt', models.F('updates'))), fields=['id'], name='notice_unrouted'), models.Index(condition=models.Q(('sent_at__isnull', False)), fields=['person_key', 'sent_at'], name='notice_sent'), models.Index(fields=['cause'], name='notice_by_cause')],
                'constraints': [models.UniqueConstraint(fields=('person_key', 'cause'), name='one_notice_per_person_and_cause')],
            },
        ),
        migrations.CreateModel(
            name='NoticePreferenceRow',
            fields=[
                ('person_key', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('mail_address', models.CharField(blank=True, default='', max_length=254)),
                ('mail', models.CharField(default='urgent', max_length=8)),
                ('webhook', models.CharField(default='none', max_length=8)),
                ('digest', models.CharField(default='hourly', max_length=8)),
                ('digest_hour', models.PositiveSmallIntegerField(default=7)),
                ('quiet_from', models.TimeField(null=True)),
                ('quiet_until', models.TimeField(null=True)),
                ('time_zone', models.CharField(default='UTC', max_length=60)),
            ],
            options={
                'db_table': 'decisions_notice_preference',
            },
        ),
        migrations.CreateModel(
            name='GatheredNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='decisions.notice')),
                ('person_key', models.CharField(max_length=80)),
                ('channel', models.CharField(max_length=8)),
                ('due_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'decisions_gathered_notice',
                'indexes': [models.Index(fields=['due_at'], name='gathered_due')],
                'constraints': [models.UniqueConstraint(fields=('notice', 'channel'), name='gathered_once_per_channel')],
            },
        ),
        migrations.CreateModel(
            name='Dispatch',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('channel', models.CharField(max_length=8)),
                ('person_key', models.CharField(blank=True, default='', max_length=80)),
                ('endpoint', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='decisions.webhookendpoint')),
                ('kind', models.CharField(max_length=8)),
                ('notice_ids', models.JSONField(default=list)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('sent', 'Sent'), ('dead', 'Dead'), ('dropped', 'Dropped')], default='pending', max_length=8)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('next_try_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('settled_at', models.DateTimeField(null=True)),
                ('outcome', models.TextField(blank=True, default='')),
            ],
            options={
                'db_table': 'decisions_dispatch',
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['next_try_at'], name='dispatch_due'), models.Index(fields=['endpoint', '-created_at'], name='dispatch_by_endpoint')],
            },
        ),
    ]
