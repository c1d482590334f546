"""Foreign keys follow the ladder: downward only; the lower room never learns of it (`related_name="+"`)."""

from collections.abc import Iterable

from django.apps import apps
from django.db import connection, models
from django.test.utils import isolate_apps

from closeknit.web.settings import ROOMS

LADDER = ("contenttypes", "auth", "kernel", *ROOMS, "web")


def broken_keys(tables: Iterable[type[models.Model]]) -> list[str]:
    """Say of every foreign key of ours that breaks the law what it does."""
    found = []
    for table in tables:
        for field in [*table._meta.local_fields, *table._meta.local_many_to_many]:
            if field.remote_field is None or not table.__module__.startswith(("closeknit.", __name__)):
                continue
            name = f"{table._meta.label}.{field.name}"
            assert field.related_model is not None
            target = field.related_model._meta
            if LADDER.index(target.app_label) > LADDER.index(table._meta.app_label):
                found.append(f"{name} points up the ladder to {target.label}")
            if not str(field.remote_field.related_name).endswith("+"):
                found.append(f'{name} has no related_name="+"')
    return found


def test_every_foreign_key_points_down_and_leaves_no_trace():
    tables = [table for table in apps.get_models() if table.__module__.startswith("closeknit.")]
    assert len(tables) >= 20
    assert broken_keys(tables) == []


@isolate_apps("closeknit.rooms.org", "closeknit.rooms.decisions", attr_name="registry")
def test_red_twin_a_key_upward_and_a_key_with_a_trace_are_seen():
    class Paper(models.Model):
        class Meta:
            app_label = "decisions"

    class Folder(models.Model):
        paper = models.ForeignKey(Paper, on_delete=models.CASCADE)

        class Meta:
            app_label = "org"

    assert broken_keys([Paper]) == []
    assert broken_keys([Folder]) == [
        "org.Folder.paper points up the ladder to decisions.Paper",
        'org.Folder.paper has no related_name="+"',
    ]


def test_the_database_knows_no_key_upward_either(db):
    room_of = {t._meta.db_table: t._meta.app_label for t in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        cursor.execute(
            "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint where contype = 'f'"
        )
        keys = [(room_of[a], room_of[b], a, b) for a, b in cursor.fetchall() if a in room_of and b in room_of]
    ours = [key for key in keys if key[0] in ROOMS]
    assert ours
    assert [(a, b) for low, high, a, b in ours if LADDER.index(high) > LADDER.index(low)] == []


def test_migrations_say_all_that_the_models_say(db):
    from django.core.management import call_command

    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
