import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('capacity', '0011_shortages'),
    ]

    operations = [
        migrations.CreateModel(
            name='StockPlan',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('thread_id', models.UUIDField(db_index=True)),
                ('operation', models.CharField(max_length=80)),
                ('as_of_on', models.DateField()),
                ('made_at', models.DateTimeField()),
                ('made_by_key', models.CharField(max_length=80)),
                ('made_by_name', models.CharField(max_length=120)),
                ('items', models.PositiveIntegerField()),
                ('items_short', models.PositiveIntegerField()),
                ('items_uncounted', models.PositiveIntegerField()),
                ('weeks_seen', models.PositiveIntegerField()),
                ('lead_days', models.PositiveIntegerField()),
                ('review_days', models.PositiveIntegerField()),
                ('assumptions', models.JSONField(default=list)),
                ('inputs', models.BinaryField()),
                ('inputs_digest', models.CharField(max_length=64)),
                ('result_digest', models.CharField(max_length=64)),
                ('code_version', models.CharField(max_length=40)),
            ],
            options={
                'db_table': 'capacity_stock_plan',
                'indexes': [models.Index(fields=['operation', '-made_at'], name='stock_newest')],
            },
        ),
        migrations.CreateModel(
            name='StockPartRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_number', models.TextField()),
                ('site', models.TextField()),
                ('currency', models.TextField(blank=True)),
                ('told', models.JSONField()),
                ('superseded_at', models.DateTimeField(null=True)),
                ('stock_plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='capacity.stockplan')),
            ],
            options={
                'db_table': 'capacity_stock_part',
                'indexes': [models.Index(condition=models.Q(('superseded_at', None)), fields=['account_number'], name='stock_of_account')],
                'constraints': [models.UniqueConstraint(fields=('stock_plan', 'account_number', 'site', 'currency'), name='one_stock_part_per_account')],
            },
        ),
        migrations.CreateModel(
            name='StockItemRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.TextField()),
                ('site', models.TextField()),
                ('short_pieces', models.FloatField(null=True)),
                ('needed_pieces', models.FloatField()),
                ('told', models.JSONField()),
                ('stock_plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='capacity.stockplan')),
            ],
            options={
                'db_table': 'capacity_stock_item',
                'indexes': [models.Index(fields=['stock_plan', '-short_pieces'], name='stock_shortest')],
                'constraints': [models.UniqueConstraint(fields=('stock_plan', 'item', 'site'), name='one_stock_row_per_item')],
            },
        ),
    ]
