import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import closeknit.kernel.ids


def teams_become_grants(apps, schema_editor):
    """Give everyone the teams they had as grants."""
    Person, Grant = apps.get_model("org", "Person"), apps.get_model("org", "Grant")
    held = Person.teams.through.objects.values_list("person_id", "team_id")
    Grant.objects.bulk_create([Grant(person_id=person, team_id=team) for person, team in held])


def grants_become_teams(apps, schema_editor):
    """Give back the teams that were granted whole. Regions and single accounts have no place there."""
    Person, Grant = apps.get_model("org", "Person"), apps.get_model("org", "Grant")
    through = Person.teams.through
    whole = Grant.objects.filter(team__isnull=False, region="", account_number="")
    rows = [through(person_id=person, team_id=team) for person, team in whole.values_list("person_id", "team_id")]
    through.objects.bulk_create(rows)


def person():
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="org.person")


def new_id():
    return models.UUIDField(default=closeknit.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("org", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="AccountPlace",
            fields=[
                ("account_number", models.TextField(primary_key=True, serialize=False)),
                ("region", models.TextField(blank=True, default="")),
                (
                    "team",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="org.team"
                    ),
                ),
            ],
            options={
                "db_table": "org_account_place",
                "indexes": [models.Index(fields=["region"], name="place_by_region")],
                "constraints": [
                    models.CheckConstraint(condition=~models.Q(account_number=""), name="place_of_an_account")
                ],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.TextField(blank=True, default="")),
                ("account_number", models.TextField(blank=True, default="")),
                ("person", person()),
                (
                    "team",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="org.team"
                    ),
                ),
            ],
            options={
                "db_table": "org_grant",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(team__isnull=False) | ~models.Q(region="") | ~models.Q(account_number=""),
                        name="grant_gives_something",
                    ),
                    models.UniqueConstraint(
                        fields=("person", "team", "region", "account_number"), name="grant_once", nulls_distinct=False
                    ),
                ],
            },
        ),
        migrations.RunPython(teams_become_grants, grants_become_teams),
        migrations.RemoveField(model_name="person", name="teams"),
        migrations.CreateModel(
            name="RightsChangeRow",
            fields=[
                ("id", new_id()),
                ("changed_by_key", models.CharField(max_length=120)),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("reason", models.TextField(blank=True, default="")),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField()),
                ("person", person()),
            ],
            options={
                "db_table": "org_rights_change",
                "indexes": [models.Index(fields=["person", "-changed_at"], name="rights_change_by_person")],
            },
        ),
        migrations.CreateModel(
            name="Delegation",
            fields=[
                ("id", new_id()),
                ("permissions", models.JSONField(null=True)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.TextField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("borrower", person()),
                ("lender", person()),
            ],
            options={
                "db_table": "org_delegation",
                "indexes": [models.Index(fields=["borrower", "ends_at"], name="delegation_by_borrower")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(ends_at__gt=models.F("starts_at")), name="delegation_has_length"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(lender=models.F("borrower")), name="delegation_to_another"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", new_id()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True, default="")),
                ("ended_at", models.DateTimeField(null=True)),
                ("person", person()),
            ],
            options={
                "db_table": "org_absence",
                "indexes": [models.Index(fields=["ends_at", "starts_at"], name="absence_by_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(ends_at__gt=models.F("starts_at")), name="absence_has_length"
                    )
                ],
            },
        ),
    ]
