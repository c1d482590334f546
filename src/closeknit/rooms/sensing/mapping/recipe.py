"""A recipe: the mapping file of one source, read and checked. See docs/recipes.md for the language."""

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.sensing.contracts import FACT_FIELDS, FACT_KEYS, AccountRule, FactKind, PromiseRule
from closeknit.rooms.sensing.mapping.conditions import check_condition
from closeknit.rooms.sensing.mapping.expressions import AMBIGUOUS, check_expression
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.values import Form, reader
from closeknit.rooms.sensing.mapping.yaml_text import Block, read_yaml

WORK_FIELDS: dict[str, str] = {
    "operation": "text!",
    "service": "text!",
    "work_class": "text",
    "region": "text",
    "channel": "text",
    "product": "text",
    "account_number": "text",
    "occurred_at": "time!",
    "quantity": "count!",
    "handle_minutes": "minutes",
    "amount": "money",
    "currency": "currency",
    "promised_minutes": "minutes",
    "finished_at": "time",
    "met_promise": "truth",
    "is_return": "truth",
}
WHOLE_ROW = "whole-row"
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "windows-1252")
SHIPPED = Path(__file__).resolve().parent.parent / "recipes"

_TOP = {
    "recipe",
    "title",
    "time_zone",
    "private",
    "streams",
    "accounts",
    "promises",
    "assumptions",
    "assumed_facts",
}
_STREAM = {
    "name",
    "from",
    "into",
    "key",
    "delimiter",
    "encoding",
    "sheet",
    "apostrophes",
    "one_per",
    "empty",
    "zone",
    "ambiguous",
    "time_format",
    "refuse",
    "fields",
    "details",
}


@dataclass(frozen=True, slots=True)
class OnePer:
    """Keep one row per value of a column: the one with the highest `order_by`, the last of those in the
    file.
    """

    column: str
    order_by: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule of the recipe that sends rows to quarantine. The reason may name columns in braces."""

    when: Mapping[str, Any]
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stream:
    """How the files of one name pattern become work, or facts of one kind."""

    name: str
    patterns: tuple[str, ...]
    into: FactKind | None
    key: tuple[str, ...]
    delimiter: str
    one_per: OnePer | None
    empty: tuple[str, ...]
    form: Form
    refuse: tuple[Refusal, ...]
    fields: Mapping[str, Any]
    details: Mapping[str, Any]
    encoding: str = "utf-8"
    sheet: str = ""
    apostrophes: bool = False

    @property
    def says_end(self) -> bool:
        """Whether its rows say when work ends."""
        return "finished_at" in self.fields

    def takes(self, file_name: str) -> bool:
        """Tell whether a file's name matches one of the patterns."""
        return any(fnmatchcase(file_name, pattern) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class AssumedFact:
    """A fact that the recipe itself states, because the source has no such record."""

    kind: FactKind
    key: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A checked recipe with the text it was read from."""

    name: str
    title: str
    time_zone: str
    private: frozenset[str]
    streams: tuple[Stream, ...]
    account_rule: AccountRule | None
    promise_rule: PromiseRule | None
    assumptions: tuple[str, ...]
    assumed_facts: tuple[AssumedFact, ...]
    text: str
    version: str

    def stream_of(self, file_name: str) -> Stream | None:
        """Return the first stream that takes a file, or None."""
        return next((stream for stream in self.streams if stream.takes(file_name)), None)

    def stream_named(self, name: str) -> Stream:
        """Return a stream by name, or raise NotFound."""
        for stream in self.streams:
            if stream.name == name:
                return stream
        known = ", ".join(stream.name for stream in self.streams)
        raise NotFound(f"The recipe {self.name} has no stream {name!r}.", where="stream", todo=f"Use one of {known}.")


def shipped_recipes() -> list[str]:
    """Return the names of the recipes that come with the product."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def find_recipe_text(name_or_path: str) -> tuple[str, str]:
    """Return (text, place) of a shipped recipe by name, or of a recipe file by path.

    Raises:
        NotFound: with the names there are.
    """
    path = SHIPPED / f"{name_or_path}.yaml" if name_or_path in shipped_recipes() else Path(name_or_path)
    if not path.is_file():
        raise NotFound(
            f"There is no recipe {name_or_path!r}.",
            where="recipe",
            todo=f"Use one of {', '.join(shipped_recipes())}, or the path of your own file.",
        )
    try:
        return path.read_text(encoding="utf-8"), path.name
    except UnicodeDecodeError as failure:
        raise Invalid(f"The recipe is not UTF-8 at byte {failure.start}.", where=path.name) from None


@lru_cache(maxsize=64)
def read_recipe(text: str, place: str) -> Recipe:
    """Read and check a recipe. The same text is read once: for a few messages that would be half of the work.

    Raises:
        Invalid: with file, line and place, and what to do.
    """
    top = read_yaml(text, place)
    _known_keys(top, _TOP, place, needed=("recipe", "title", "time_zone", "streams"))
    zone = _zone(top["time_zone"], f"{place}, line {top.lines['time_zone']}")
    streams = _list(top, "streams", place)
    return Recipe(
        name=str(top["recipe"]),
        title=str(top["title"]),
        time_zone=zone,
        private=frozenset(map(str, _list(top, "private", place))),
        streams=_named_once([_stream(s, number, zone, place) for number, s in enumerate(streams)], place),
        account_rule=_account_rule(top.get("accounts"), place),
        promise_rule=_promise_rule(top.get("promises"), place),
        assumptions=tuple(map(str, _list(top, "assumptions", place))),
        assumed_facts=_assumed_facts(top.get("assumed_facts"), place),
        text=text,
        version=hashlib.sha256(text.encode()).hexdigest()[:12],
    )


def fact_key(kind: FactKind, body: Mapping[str, Any]) -> str:
    """Return the key of a fact from its body, parts joined by "|"."""
    return "|".join(str(body[name]).replace("|", "\\|") for name in FACT_KEYS[kind])


def plain_fact_value(value: Any, kind: str) -> Any:
    """Return a read value in the plain JSON form that fact bodies keep."""
    kind = kind.rstrip("!")
    if value is None:
        return [] if kind == "list" else None if kind in _NULLABLE else ""
    if kind in ("money", "fee", "hourly-fee"):
        return format(value.normalize(), "f") if value else "0"
    return value.isoformat() if kind in ("date", "time") else value


_NULLABLE = (
    "number",
    "count",
    "money",
    "fee",
    "hourly-fee",
    "positive",
    "share",
    "fraction",
    "minutes",
    "whole",
    "weekday",
    "truth",
)


def _stream(block: Any, number: int, zone: str, place: str) -> Stream:
    where = f"{place}: streams[{number}]"
    if not isinstance(block, Block):
        raise Invalid("A stream is a mapping.", where=where)
    where = f"{place}, line {block.line}: streams[{number}]"
    _known_keys(block, _STREAM, where, needed=("name", "from", "into", "fields"))
    into = _into(block, where)
    fields = _mapping(block, "fields", where)
    targets = WORK_FIELDS if into is None else FACT_FIELDS[into]
    _known_keys(fields, set(targets), f"{where}.fields")
    for name, spec in fields.items():
        check_expression(spec, f"{place}, line {fields.lines[name]}: streams[{number}].fields.{name}")
    for name, kind in targets.items():
        if kind.endswith("!") and name not in fields:
            raise Invalid(f"The field {name!r} must be given.", where=f"{where}.fields")
    details = _mapping(block, "details", where)
    for name, spec in details.items():
        check_expression(spec, f"{place}, line {details.lines[name]}: streams[{number}].details.{name}")
    patterns = block["from"] if isinstance(block["from"], list) else [block["from"]]
    return Stream(
        name=str(block["name"]),
        patterns=tuple(map(str, patterns)),
        into=into,
        key=_key(block, into, where),
        delimiter=_delimiter(block, where),
        one_per=_one_per(block, where),
        empty=tuple(map(str, _list(block, "empty", where))),
        form=_form(block, zone, where),
        refuse=tuple(_refusal(r, f"{where}.refuse[{n}]") for n, r in enumerate(_list(block, "refuse", where))),
        fields=fields,
        details=details,
        encoding=_encoding(block, where),
        sheet=str(block.get("sheet", "")),
        apostrophes=_truth(block, "apostrophes", where),
    )


def _into(block: Block, where: str) -> FactKind | None:
    into = str(block["into"])
    if into == "work":
        return None
    if into not in list(FactKind):
        known = ", ".join(["work", *FactKind])
        raise Invalid(f"Nothing goes into {into!r}.", where=where, todo=f"Use one of {known}.")
    return FactKind(into)


def _key(block: Block, into: FactKind | None, where: str) -> tuple[str, ...]:
    key = block.get("key")
    if into is not None:
        if key is not None:
            raise Invalid(f"A fact's key is fixed: {', '.join(FACT_KEYS[into])}.", where=where, todo="Remove `key`.")
        return ()
    if key == WHOLE_ROW:
        return ()
    if not isinstance(key, list) or not key:
        raise Invalid("Work needs `key`: a list of columns, or whole-row.", where=where)
    return tuple(map(str, key))


def _delimiter(block: Block, where: str) -> str:
    delimiter = str(block.get("delimiter", ","))
    if len(delimiter) != 1:
        raise Invalid("`delimiter` is one character.", where=where)
    return delimiter


def _truth(block: Block, key: str, where: str) -> bool:
    value = block.get(key, False)
    if not isinstance(value, bool):
        raise Invalid(f"`{key}` is true or false.", where=where)
    return value


def _encoding(block: Block, where: str) -> str:
    encoding = str(block.get("encoding", "utf-8")).lower()
    if encoding not in ENCODINGS:
        raise Invalid(f"`encoding` is one of {', '.join(ENCODINGS)}.", where=where)
    return encoding


def _one_per(block: Block, where: str) -> OnePer | None:
    spec = block.get("one_per")
    if spec is None:
        return None
    if not isinstance(spec, Block):
        raise Invalid("`one_per` is a mapping of column and order_by.", where=where)
    _known_keys(spec, {"column", "order_by"}, f"{where}.one_per", needed=("column",))
    return OnePer(str(spec["column"]), str(spec.get("order_by", "")))


def _form(block: Block, zone: str, where: str) -> Form:
    ambiguous = str(block.get("ambiguous", "refuse"))
    if ambiguous not in AMBIGUOUS:
        raise Invalid("`ambiguous` is earlier, later or refuse.", where=where)
    own = _zone(block["zone"], where) if "zone" in block else zone
    return Form(zone=own, ambiguous=ambiguous, format=str(block.get("time_format", "")))


def _refusal(block: Any, where: str) -> Refusal:
    if not isinstance(block, Block):
        raise Invalid("A refusal is a mapping of when, code and reason.", where=where)
    _known_keys(block, {"when", "code", "reason"}, where, needed=("when", "code", "reason"))
    check_condition(block["when"], f"{where}.when")
    return Refusal(block["when"], str(block["code"]), str(block["reason"]))


def _account_rule(block: Any, place: str) -> AccountRule | None:
    if block is None:
        return None
    where = f"{place}: accounts"
    if not isinstance(block, Block):
        raise Invalid("`accounts` is a mapping.", where=where)
    extra = {"team", "region", "time_zone", "jurisdiction"}
    _known_keys(block, {"rank_by", "tiers", "otherwise", *extra}, where, needed=("rank_by", "tiers", "otherwise"))
    if block["rank_by"] not in ("amount", "quantity"):
        raise Invalid("`rank_by` is amount or quantity.", where=where)
    tier = reader("tier", "tier", Form())
    try:
        shares = tuple((tier(name), float(share)) for name, share in _mapping(block, "tiers", where).items())
        otherwise = tier(block["otherwise"])
    except (Refused, TypeError, ValueError) as failure:
        raise Invalid(f"The tiers cannot be used: {failure}", where=where) from None
    if not all(0 < share < 1 for _, share in shares) or sum(share for _, share in shares) >= 1:
        raise Invalid("The tiers' shares are between 0 and 1 and add up to less than 1.", where=where)
    return AccountRule(
        str(block["rank_by"]),
        shares,
        otherwise,
        **{name: str(block[name]) for name in extra if name in block},
    )


def _promise_rule(block: Any, place: str) -> PromiseRule | None:
    if block is None:
        return None
    where = f"{place}: promises"
    if not isinstance(block, Block):
        raise Invalid("`promises` is a mapping of measure and target_share.", where=where)
    _known_keys(block, {"measure", "target_share"}, where, needed=("measure", "target_share"))
    try:
        return PromiseRule(
            reader("measure", "measure", Form())(block["measure"]),
            reader("share", "target_share", Form())(block["target_share"]),
        )
    except Refused as failure:
        raise Invalid(failure.reason, where=where) from None


def _assumed_facts(block: Any, place: str) -> tuple[AssumedFact, ...]:
    if block is None:
        return ()
    where = f"{place}: assumed_facts"
    if not isinstance(block, Block):
        raise Invalid("`assumed_facts` is a mapping from a kind of fact to a list.", where=where)
    _known_keys(block, set(FactKind), where)
    facts = []
    for name in block:
        for item in _list(block, name, where):
            facts += _assumed(FactKind(name), item, where)
    keys = [(fact.kind, fact.key) for fact in facts]
    twice = {key for key in keys if keys.count(key) > 1} if len(set(keys)) < len(keys) else set()
    if twice:
        kind, key = sorted(twice)[0]
        raise Invalid(f"The {kind} {key} is stated twice.", where=where)
    return tuple(facts)


def _assumed(kind: FactKind, item: Any, where: str) -> list[AssumedFact]:
    if not isinstance(item, Block):
        raise Invalid(f"A fact of kind {kind} is a mapping.", where=where)
    place = f"{where}.{kind}, line {item.line}"
    _known_keys(item, set(FACT_FIELDS[kind]), place)
    weekdays = item.get("weekday")
    bodies = [{**item, "weekday": day} for day in weekdays] if isinstance(weekdays, list) else [dict(item)]
    return [_fact(kind, body, place) for body in bodies]


def _fact(kind: FactKind, given: Mapping[str, Any], place: str) -> AssumedFact:
    body = {}
    for name, field_kind in FACT_FIELDS[kind].items():
        value = given.get(name)
        if value in (None, "") and field_kind.endswith("!"):
            raise Invalid(f"A {kind} needs {name!r}.", where=place)
        try:
            read = None if value in (None, "") else reader(field_kind.rstrip("!"), name, Form())(value)
        except Refused as failure:
            raise Invalid(failure.reason, where=place) from None
        body[name] = plain_fact_value(read, field_kind)
    return AssumedFact(kind, fact_key(kind, body), body)


def _known_keys(block: Block, known: set[Any], where: str, needed: Sequence[str] = ()) -> None:
    for key in block:
        if key not in known:
            close = difflib.get_close_matches(key, sorted(map(str, known)), n=1)
            todo = f"Did you mean {close[0]!r}?" if close else f"Known here: {', '.join(sorted(map(str, known)))}."
            raise Invalid(f"There is no key {key!r} here.", where=_at_line(where, block.lines[key]), todo=todo)
    for key in needed:
        if block.get(key) is None:
            raise Invalid(f"The key {key!r} is missing.", where=where)


def _at_line(where: str, line: int) -> str:
    """Return a place with its exact line instead of the line where its block starts."""
    file, _, rest = where.partition(":")
    return f"{file.partition(', line ')[0]}, line {line}" + (f":{rest}" if rest else "")


def _list(block: Block, key: str, where: str) -> list[Any]:
    value = block.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Invalid(f"`{key}` is a list.", where=_at_line(where, block.lines[key]))
    return value


def _mapping(block: Block, key: str, where: str) -> Block:
    value = block.get(key)
    if value is None:
        return Block()
    if not isinstance(value, Block):
        raise Invalid(f"`{key}` is a mapping.", where=_at_line(where, block.lines[key]))
    return value


def _zone(name: Any, where: str) -> str:
    try:
        return ZoneInfo(str(name)).key
    except (KeyError, ValueError, OSError):
        raise Invalid(f"{name!r} is not a time zone.", where=where, todo="Use a name such as Europe/London.") from None


def _named_once(streams: list[Stream], place: str) -> tuple[Stream, ...]:
    if not streams:
        raise Invalid("A recipe needs at least one stream.", where=place)
    names = [stream.name for stream in streams]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(f"Two streams are named {twice[0]!r}.", where=place, todo="Give each its own name.")
    return tuple(streams)
