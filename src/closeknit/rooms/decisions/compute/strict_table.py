"""Strict tables: read, proven to leave no case without an answer and none with two, and asked.

Cases are the cells between all edges of all inputs: within one, no row makes a further difference. Bands are half open
and compared as exact decimals, so "below 60" and "from 60" meet.
"""

import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.compute.strict_yaml import given, items, line, mapping, read_yaml, refuse
from closeknit.rooms.decisions.contracts.strict_tables import (
    Cell,
    GoldenCase,
    HitPolicy,
    InputKind,
    InputValue,
    StrictAnswer,
    StrictRow,
    StrictTable,
    StrictVerdict,
    TableInput,
)

MOST_CASES = 200_000
NUMBER = r"-?\d{1,15}(?:\.\d{1,6})?"
BAND = re.compile(rf"(?:from (?P<from>{NUMBER}))?\s*(?:below (?P<below>{NUMBER}))?")
UNKNOWN = "unknown"
ANY = "any"
TODO = "Change the table's text and read it again."


def read_strict_table(text: str) -> StrictTable:
    """Read a strict table from YAML, prove it, and check its golden cases.

    Raises:
        Invalid: where it is not YAML, says something unknown, leaves a case unanswered or answered twice, has a row
            that nothing reaches, or answers a golden case wrongly; names the row and the case.
    """
    known = {"version", "title", "hit", "inputs", "answers", "rows", "cases", "effective_from", "effective_until"}
    top = mapping(read_yaml(text), "the table", known)
    inputs = tuple(_input(str(name), body) for name, body in _named(top, "inputs").items())
    answers = tuple(str(word) for word in items(given(top, "answers", "the table"), "answers"))
    hit = str(given(top, "hit", "the table"))
    if hit not in [policy.value for policy in HitPolicy]:
        refuse(f"hit is unique, first or collect, not {hit!r}.", "hit", TODO)
    by_name = {each.name: each for each in inputs}
    rows = tuple(_row(body, n, by_name, answers) for n, body in enumerate(items(top.get("rows"), "rows"), 1))
    cases = tuple(_case(body, n, by_name, answers) for n, body in enumerate(items(top.get("cases", []), "cases"), 1))
    table = StrictTable(
        version=line(top, "version", "the table", 60),
        title=line(top, "title", "the table", 200),
        hit=HitPolicy(hit),
        inputs=inputs,
        answers=answers,
        rows=rows,
        cases=cases,
        effective_from=_day(given(top, "effective_from", "the table"), "effective_from"),
        effective_until=_day(top["effective_until"], "effective_until") if top.get("effective_until") else None,
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    if table.effective_until and table.effective_until <= table.effective_from:
        refuse("The table ends before it begins.", "effective_until", TODO)
    _prove(table)
    _check_cases(table)
    return table


def ask_strict_table(table: StrictTable, inputs: Mapping[str, InputValue]) -> StrictAnswer:
    """Return a table's answer to inputs, with what every row said.

    Raises:
        Invalid: for an input that is missing, unknown to the table, of another type, or out of bounds. Nothing is
            taken for something else.
    """
    for name in inputs:
        if name not in {each.name for each in table.inputs}:
            raise Invalid(f"The table has no input {name!r}.", where=name, todo="Leave it away.")
    for each in table.inputs:
        _check_value(each, inputs)
    verdicts = [_verdict(row, inputs) for row in table.rows]
    matched = [row for row, said in zip(table.rows, verdicts, strict=True) if said.matched and not row.is_default]
    if not matched:
        matched = [row for row in table.rows if row.is_default]
    if table.hit is HitPolicy.FIRST:
        matched = matched[:1]
    if not matched or (table.hit is HitPolicy.UNIQUE and len(matched) > 1):
        # Proven away when the table was read; said all the same, never answered silently.
        raise Invalid(f"{len(matched)} rows answer this case.", where=table.version, todo=TODO)
    return StrictAnswer(
        answers=tuple(row.then for row in matched),
        rows=tuple(row.number for row in matched),
        because=" ".join(row.because for row in matched if row.because),
        version=table.version,
        digest=table.digest,
        verdicts=tuple(verdicts),
    )


def _named(top: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = given(top, key, "the table")
    if not isinstance(found, dict) or not found:
        refuse(f"{key} is a mapping of names.", key, TODO)
    return dict(found)


def _input(name: str, body: Any) -> TableInput:
    top = mapping(body, f"input {name}", {"kind", "words", "from", "below", "may_be_unknown"})
    kind = str(given(top, "kind", f"input {name}"))
    if kind not in [each.value for each in InputKind]:
        refuse(f"An input is a number, word or flag, not {kind!r}.", f"input {name}", TODO)
    words = tuple(str(word) for word in items(top.get("words", []), f"input {name}"))
    if (kind == "word") != bool(words) or len(set(words)) != len(words):
        refuse("A word needs its words, each once; nothing else has any.", f"input {name}", TODO)
    return TableInput(
        name=name,
        kind=InputKind(kind),
        words=words,
        at_least=_number(top["from"], f"input {name}") if top.get("from") is not None else None,
        below=_number(top["below"], f"input {name}") if top.get("below") is not None else None,
        may_be_unknown=top.get("may_be_unknown", False) is True,
    )


def _row(body: Any, number: int, inputs: Mapping[str, TableInput], answers: tuple[str, ...]) -> StrictRow:
    where = f"row {number}"
    top = mapping(body, where, {"when", "then", "because", "default"})
    is_default = top.get("default", False) is True
    asked = top.get("when") or {}
    if is_default and asked:
        refuse("A default row asks for nothing.", where, TODO)
    cells = {}
    for name, cell in mapping(asked, where, set(inputs)).items():
        cells[name] = _cell(cell, inputs[name], f"{where}, {name}")
    then = str(given(top, "then", where))
    if then not in answers:
        refuse(f"{then!r} is no answer of this table.", where, f"Use one of {', '.join(answers)}.")
    return StrictRow(number, cells, then, str(top.get("because", "")), is_default)


def _cell(text: Any, about: TableInput, where: str) -> Cell:
    if text == ANY:
        return Cell(takes_unknown=True)
    if text == UNKNOWN:
        if not about.may_be_unknown:
            refuse(f"{about.name} is always known.", where, "Drop the row, or say may_be_unknown: true.")
        return Cell(takes_unknown=True, words=frozenset(), flags=frozenset(), at_least=Decimal(1), below=Decimal(0))
    if about.kind is InputKind.FLAG:
        if not isinstance(text, bool):
            refuse(f"A flag is true or false, not {text!r}.", where, TODO)
        return Cell(flags=frozenset({text}))
    if about.kind is InputKind.WORD:
        words = frozenset(str(word) for word in items(text, where))
        if not words or words - set(about.words):
            refuse(f"{sorted(words - set(about.words))} are no words of {about.name}.", where, TODO)
        return Cell(words=words)
    match = BAND.fullmatch(str(text).strip())
    if match is None or not (match["from"] or match["below"]):
        refuse(f"{text!r} is no band.", where, "Write: from 20, below 60, from 20 below 60, any, or unknown.")
    low, high = (Decimal(match[key]) if match[key] else None for key in ("from", "below"))
    if low is not None and high is not None and high <= low:
        refuse(f"{text!r} holds no number.", where, TODO)
    return Cell(at_least=low, below=high)


def _case(body: Any, number: int, inputs: Mapping[str, TableInput], answers: tuple[str, ...]) -> GoldenCase:
    where = f"case {number}"
    top = mapping(body, where, {"case", "given", "then"})
    values = {
        name: None if value == UNKNOWN else value if isinstance(value, str | bool) else _number(value, where)
        for name, value in mapping(given(top, "given", where), where, set(inputs)).items()
    }
    then = tuple(str(word) for word in items(given(top, "then", where), where))
    if set(then) - set(answers):
        refuse(f"{then} are not all answers of this table.", where, TODO)
    return GoldenCase(str(top.get("case", where)), values, then)


def _number(value: Any, where: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not re.fullmatch(NUMBER, str(value)):
        refuse(f"{value!r} is no number with at most six decimals.", where, TODO)
    return Decimal(str(value))


def _day(value: Any, where: str) -> date:
    if not isinstance(value, date):
        refuse(f"{value!r} is no day; write 2026-01-31.", where, TODO)
    return value


def _prove(table: StrictTable) -> None:
    spaces = [_cells_of(each, table.rows) for each in table.inputs]
    size = 1
    for space in spaces:
        size *= len(space)
    if size > MOST_CASES:
        refuse(f"The table has {size:,} cases to prove.", "rows", f"Use fewer edges: at most {MOST_CASES:,} cases.")
    defaults = [row for row in table.rows if row.is_default]
    if len(defaults) > 1:
        refuse("There are two default rows.", f"row {defaults[1].number}", TODO)
    asked = [row for row in table.rows if not row.is_default]
    reached: set[int] = set()
    for values in itertools.product(*spaces):
        case = dict(zip((each.name for each in table.inputs), values, strict=True))
        rows = [row for row in asked if all(_takes(cell, case[name]) for name, cell in row.when.items())]
        if not rows and not defaults:
            refuse(f"No row answers {_said(case)}.", "rows", "Add a row, widen one, or mark a default row.")
        if table.hit is HitPolicy.UNIQUE and len(rows) > 1:
            refuse(
                f"Rows {rows[0].number} and {rows[1].number} both answer {_said(case)}.", "rows", "Narrow one of them."
            )
        reached |= {row.number for row in (rows[:1] if table.hit is HitPolicy.FIRST else rows or defaults)}
        if not rows:
            reached |= {row.number for row in defaults}
    idle = [row.number for row in table.rows if row.number not in reached]
    if idle:
        refuse(f"Nothing reaches row {idle[0]}.", f"row {idle[0]}", "Take it away, or move it up.")


def _cells_of(about: TableInput, rows: tuple[StrictRow, ...]) -> list[InputValue]:
    """One value of each cell of an input's space, and None where it may be unknown."""
    unknown: list[InputValue] = [None] if about.may_be_unknown else []
    if about.kind is InputKind.WORD:
        return [*about.words, *unknown]
    if about.kind is InputKind.FLAG:
        return [True, False, *unknown]
    edges = {edge for row in rows if (cell := row.when.get(about.name)) for edge in (cell.at_least, cell.below)}
    inside = sorted(
        edge
        for edge in edges - {None}
        if edge is not None
        and (about.at_least is None or edge > about.at_least)
        and (about.below is None or edge < about.below)
    )
    lowest = about.at_least if about.at_least is not None else (inside[0] if inside else Decimal(0)) - 1
    return [lowest, *inside, *unknown]


def _takes(cell: Cell, value: InputValue) -> bool:
    if value is None:
        return cell.takes_unknown
    if isinstance(value, bool):
        return cell.flags is None or value in cell.flags
    if isinstance(value, str):
        return cell.words is None or value in cell.words
    return (cell.at_least is None or value >= cell.at_least) and (cell.below is None or value < cell.below)


def _verdict(row: StrictRow, inputs: Mapping[str, InputValue]) -> StrictVerdict:
    if row.is_default:
        return StrictVerdict(row.number, False, "Answers where no other row does.")
    for name, cell in row.when.items():
        if not _takes(cell, inputs[name]):
            return StrictVerdict(row.number, False, f"{name} is {_shown(inputs[name])}; asked for {_asked(cell)}.")
    read = ", ".join(f"{name} {_shown(inputs[name])}" for name in row.when)
    return StrictVerdict(row.number, True, f"Holds: {read}." if read else "Holds for everything.")


def _asked(cell: Cell) -> str:
    if cell.words:
        return " or ".join(sorted(cell.words))
    if cell.flags:
        return " or ".join("true" if flag else "false" for flag in sorted(cell.flags))
    if cell.takes_unknown:
        return UNKNOWN
    parts = [f"from {cell.at_least:f}" if cell.at_least is not None else ""]
    parts.append(f"below {cell.below:f}" if cell.below is not None else "")
    return " ".join(part for part in parts if part)


def _check_value(about: TableInput, inputs: Mapping[str, InputValue]) -> None:
    if about.name not in inputs:
        raise Invalid(f"The input {about.name} is missing.", where=about.name, todo="Give it, as unknown if it is.")
    value = inputs[about.name]
    if value is None and not about.may_be_unknown:
        raise Invalid(f"{about.name} is not known.", where=about.name, todo="Find it out first; nothing is assumed.")
    kinds: dict[InputKind, type] = {InputKind.NUMBER: Decimal, InputKind.WORD: str, InputKind.FLAG: bool}
    if value is not None and type(value) is not kinds[about.kind]:
        raise Invalid(
            f"{about.name} is a {about.kind}, not {value!r}.", where=about.name, todo="Give it in its own type."
        )
    if isinstance(value, str) and value not in about.words:
        raise Invalid(f"{about.name} is {value!r}.", where=about.name, todo=f"Use {', '.join(about.words)}.")
    if isinstance(value, Decimal) and not (
        value.is_finite()
        and (about.at_least is None or value >= about.at_least)
        and (about.below is None or value < about.below)
    ):
        raise Invalid(f"{about.name} is {value}: out of bounds.", where=about.name, todo="Check where it comes from.")


def _check_cases(table: StrictTable) -> None:
    for case in table.cases:
        try:
            got = ask_strict_table(table, case.given)
        except Invalid as failure:
            refuse(f"{case.name}: {failure.what}", "cases", TODO)
        if got.answers != case.then:
            refuse(f"{case.name} gives {', '.join(got.answers)}, not {', '.join(case.then)}.", "cases", TODO)


def _said(case: Mapping[str, InputValue]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in case.items())


def _shown(value: InputValue) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else value


def rows_of(table: StrictTable) -> Iterator[tuple[int, str, str, str]]:
    """Yield each row in words: number, what it asks, what it answers, why."""
    for row in table.rows:
        asked = ", ".join(f"{name} {_asked(cell)}" for name, cell in row.when.items()) or "anything else"
        yield row.number, asked, row.then, row.because
