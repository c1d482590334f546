"""Which account a number stands for, after merges of merges. Pure."""

from collections.abc import Mapping

from closeknit.engine.matching import roots_of_merges


def follow_merges(kept_of: Mapping[str, str]) -> dict[str, str]:
    """Return for each number that was merged away the number that stands in the end; a circle is refused."""
    names = sorted({*kept_of, *kept_of.values()})
    place = {name: at for at, name in enumerate(names)}
    roots = roots_of_merges([place[kept_of.get(name, name)] for name in names])
    return {name: names[int(roots[place[name]])] for name in sorted(kept_of)}
