"""Look at recipes, check and try them, and save a new version."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from closeknit.kernel.output import print_json, print_table

if TYPE_CHECKING:
    from closeknit.rooms.sensing.contracts import RecipeCheck


def add_commands(sensing: Any) -> None:
    """Add the commands of recipes."""
    recipes = sensing.add_parser("recipes", help="list the recipes that come with Closeknit, or print one")
    recipes.add_argument("name", nargs="?", default="")
    recipes.set_defaults(run=_show_recipes)
    check = sensing.add_parser("check-recipe", help="say whether a recipe can be read; nothing is stored")
    check.add_argument("recipe", help="a recipe's name or file")
    check.set_defaults(run=_check)
    preview = sensing.add_parser("try-recipe", help="say what a recipe makes of real rows; nothing is stored")
    preview.add_argument("recipe", help="a recipe's name or file")
    preview.add_argument("path", nargs="?", type=Path, help="a file or folder; without: its feed's last load")
    preview.set_defaults(run=_try)
    versions = sensing.add_parser("recipe-versions", help="list the versions of a feed's recipe")
    versions.add_argument("feed")
    versions.set_defaults(run=_versions)
    save = sensing.add_parser("save-recipe", help="give a feed a recipe's new text")
    save.add_argument("feed")
    save.add_argument("recipe", help="the recipe's file")
    save.add_argument("--on", required=True, help="the version on top of which it was written")
    save.add_argument("--why", required=True)
    save.set_defaults(run=_save)


def _show_recipes(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing.mapping.recipe import find_recipe_text, read_recipe, shipped_recipes

    names = [args.name] if args.name else shipped_recipes()
    recipes = [read_recipe(*find_recipe_text(name)) for name in names]
    if args.json:
        fields = ("name", "title", "time_zone", "version", "assumptions", "text")
        print_json("closeknit.recipes/1", {"recipes": [{f: getattr(r, f) for f in fields} for r in recipes]})
    elif args.name:
        print(recipes[0].text, end="")
    else:
        rows = [(r.name, r.title, ", ".join(p for s in r.streams for p in s.patterns)) for r in recipes]
        print_table(("recipe", "what", "files"), rows)
    return 0


def _check(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads
    from closeknit.rooms.sensing.mapping.recipe import find_recipe_text

    found = reads.check_recipe(find_recipe_text(args.recipe)[0], by=args.by)
    if args.json:
        print_json("closeknit.recipe-check/1", {"check": found})
    else:
        print(_words(found))
    return 0 if found.is_valid else 1


def _words(check: "RecipeCheck") -> str:
    if check.is_valid:
        return f"The recipe {check.feed} can be read: version {check.version}, streams {', '.join(check.streams)}."
    line = f"Line {check.line}: " if check.line else ""
    return f"{line}{check.what} {check.todo}".strip()


def _try(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing import reads
    from closeknit.rooms.sensing.mapping.recipe import find_recipe_text

    text, now = find_recipe_text(args.recipe)[0], clock.now()
    if args.path is None:
        found = reads.preview_recipe(text, by=args.by, at=now)
    else:
        found = reads.preview_file(text, args.path, by=args.by, at=now)
    if args.json:
        print_json("closeknit.recipe-preview/1", {"preview": found})
        return 0 if found.check.is_valid else 1
    if not found.check.is_valid:
        print(_words(found.check))
        return 1
    rows = [(s.stream, s.into, s.source_name, s.accepted, s.refused, s.changed, s.trouble) for s in found.streams]
    print_table(("stream", "into", "source", "accepted", "refused", "otherwise than now", "trouble"), rows)
    for part in found.streams:
        for row in [row for row in part.rows if row.reason][:5]:
            print(f"  {part.source_name}, line {row.line}: {row.reason}")
    return 0


def _versions(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    found = reads.list_recipe_versions(args.feed, by=args.by)
    if args.json:
        print_json("closeknit.recipe-versions/1", {"versions": found})
        return 0
    rows = [(v.version, "in force" if v.is_current else "", v.saved_at, v.saved_by, v.batches, v.why) for v in found]
    print_table(("version", "", "saved (UTC)", "by", "loads", "why"), rows)
    return 0


def _save(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing.actions.save_recipe import save_recipe
    from closeknit.rooms.sensing.mapping.recipe import find_recipe_text

    text = find_recipe_text(args.recipe)[0]
    card = save_recipe(args.feed, text, seen_version=args.on, why=args.why, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.recipe-saved/1", {"feed": card})
    else:
        print(f"Saved as version {card.recipe_version}: rows are read by it from the next load on.")
    return 0
