"""Look at recipes."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(sensing: Any) -> None:
    """Add the commands of recipes."""
    recipes = sensing.add_parser("recipes", help="list the recipes that come with Closeknit, or print one")
    recipes.add_argument("name", nargs="?", default="")
    recipes.set_defaults(run=_show_recipes)


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
