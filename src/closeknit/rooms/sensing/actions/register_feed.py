"""Make a feed from a recipe, or give a feed the recipe's new text."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import FeedCard, RecipeChanged
from closeknit.rooms.sensing.mapping.recipe import Recipe, read_recipe
from closeknit.rooms.sensing.models import Feed, RecipeVersion


def register_feed(
    recipe_text: str, *, place: str, why: str = "", seen_version: str | None = None, by: Actor, at: datetime
) -> FeedCard:
    """Create or update the feed named by a recipe.

    Refuses a recipe that the language does not know, with its line, and a feed whose recipe is not at `seen_version`
    any more (None: whatever it is).
    """
    by.require(Permission.LOAD_DATA)
    recipe = read_recipe(recipe_text, place)
    with transaction.atomic():
        _take_turns(recipe.name)
        feed = Feed.objects.select_for_update().filter(name=recipe.name).first()
        before = feed.recipe_version if feed else ""
        if seen_version is not None and before != seen_version:
            raise Conflict("Somebody else changed this recipe meanwhile.", where=recipe.name, todo="Look again.")
        if before != recipe.version:
            written = _write(feed or Feed(name=recipe.name, created_at=at), recipe)
            _keep_version(written, recipe, why, by, at)
            thread_id = _record(recipe, before, why, by)
            publish(RecipeChanged(thread_id, written.pk), by=by)
    return reads.get_feed(recipe.name, by=by)


def _take_turns(name: str) -> None:
    # A feed that is not there yet has no row to lock.
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('closeknit-feed'), hashtext(%s))", [name])


def _write(feed: Feed, recipe: Recipe) -> Feed:
    feed.title = recipe.title
    feed.recipe = recipe.name
    feed.recipe_text = recipe.text
    feed.recipe_version = recipe.version
    feed.time_zone = recipe.time_zone
    feed.assumptions = list(recipe.assumptions)
    feed.account_rule = asdict(recipe.account_rule) if recipe.account_rule else None
    feed.promise_rule = asdict(recipe.promise_rule) if recipe.promise_rule else None
    feed.save()
    return feed


def _keep_version(feed: Feed, recipe: Recipe, why: str, by: Actor, at: datetime) -> None:
    RecipeVersion.objects.get_or_create(
        feed=feed,
        version=recipe.version,
        defaults={
            "text": recipe.text,
            "saved_by_key": by.key,
            "saved_by_name": by.name,
            "saved_at": at,
            "why": why,
        },
    )


def _record(recipe: Recipe, before: str, why: str, by: Actor) -> UUID:
    done = f"changed from {before}" if before else "registered"
    thread_id = ids.new_id()
    record_entry(
        Entry(
            thread_id=thread_id,
            kind="feed.changed" if before else "feed.registered",
            subject=f"feed:{recipe.name}",
            sentence=f"Recipe of the feed {recipe.name} {done}: version {recipe.version}. {why}".rstrip(),
            evidence={
                "feed": recipe.name,
                "recipe_version": recipe.version,
                "recipe_version_before": before,
                "why": why,
                "assumptions": list(recipe.assumptions),
                "assumed_facts": len(recipe.assumed_facts),
            },
        ),
        by=by,
    )
    return thread_id
