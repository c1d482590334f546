"""Save a feed's recipe as a new version; what was loaded before keeps the version it was read by."""

from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.contracts import FeedCard
from closeknit.rooms.sensing.mapping.recipe import read_recipe

LONGEST_WHY = 500


def save_recipe(feed: str, text: str, *, seen_version: str, why: str, by: Actor, at: datetime) -> FeedCard:
    """Give a feed a recipe's new text. It is read by from the next load on, and by rows that are tried again.

    Refuses a text that the language does not know (with its line), another feed's name in it, a missing reason, and
    a version that somebody else changed since `seen_version` was looked at.
    """
    by.require(Permission.LOAD_DATA)
    recipe = read_recipe(text, "recipe")
    if recipe.name != feed:
        raise Invalid(
            f"This recipe is named {recipe.name!r}; the feed is {feed!r}.",
            where="recipe",
            todo="Keep the name, or load the new feed by its own recipe.",
        )
    if not why.strip() or len(why) > LONGEST_WHY or "\x00" in why:
        raise Invalid("This needs a reason.", where="why", todo=f"Say why, in at most {LONGEST_WHY} characters.")
    present = reads.get_feed(feed, by=by)
    if present.recipe_version != seen_version:
        raise Conflict(
            "Somebody else changed this recipe meanwhile.",
            where=f"version {present.recipe_version}",
            todo="Look at the present version, then save yours on top of it.",
        )
    return register_feed(text, place="recipe", why=why, seen_version=seen_version, by=by, at=at)
