"""Which records are of one account: identifiers first, then the sum of what all fields say. Pure: no database."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.matching import (
    MatchModel,
    chance_shares,
    cluster_links,
    fit_match_model,
    frequency_bits,
    score_levels,
)
from closeknit.kernel.canonical import digest
from closeknit.rooms.customers.compute.comparing import AGREEMENTS, SILENT, Comparable, Ints
from closeknit.rooms.customers.compute.names import comparable
from closeknit.rooms.customers.contracts import MatchFound, MatchRecord, MatchRule, MatchTerm, Resolution

FIELDS = tuple(AGREEMENTS)
N_LEVELS = np.array([len(levels) for levels in AGREEMENTS.values()])
LARGEST_BLOCK = 60
RANDOM_PAIRS = 400_000
LEAST_RECORDS = 200
"""Below this many records, weights are those of `USUAL`: nothing could be learned from them."""
MOST_SHARED = 5
"""An identifier that more records than this state is nobody's own (a parent's, or a placeholder)."""
USUAL_MATCH = (
    (0.55, 0.20, 0.20, 0.03, 0.02),
    (0.85, 0.10, 0.05),
    (0.90, 0.05, 0.05),
    (0.80, 0.20),
    (0.75, 0.20, 0.05),
    (0.97, 0.01, 0.02),
)
USUAL_CHANCE = (
    (0.0005, 0.0005, 0.001, 0.01, 0.988),
    (0.0002, 0.0002, 0.9996),
    (0.002, 0.05, 0.948),
    (0.0001, 0.9999),
    (0.0001, 0.0005, 0.9994),
    (0.00005, 0.00005, 0.9999),
)
_MILLI = Decimal("0.001")
PRIOR = "how rare matches are"
COMMON_NAME = "how common the name is"


def resolve(
    records: Sequence[MatchRecord],
    *,
    link_share: float,
    review_share: float,
    apart: Iterable[tuple[int, int]] = (),
    rng: np.random.Generator,
) -> Resolution:
    """Return which records are of one account, and which pairs a person has to judge.

    Records with different account numbers are never brought together here: that they are one account is for people to
    say. `apart`: pairs of record ids that somebody said are different.
    """
    table = Comparable([comparable(record.fields) for record in records])
    first, second, left_out = _candidates(table, len(records))
    model, version = _model(table, first, second, len(records), rng)
    ids = np.array([record.record_id for record in records], dtype=np.int64)
    place = {int(record_id): at for at, record_id in enumerate(ids)}
    said = [(place[a], place[b]) for a, b in apart if a in place and b in place]
    rules = _rules(table, first, second)
    levels = table.levels(first, second)
    extra = _extra_bits(table, first, levels, model)
    scores = score_levels(levels, model.weight_bits, model.prior_share, extra)
    sure = (scores.probability >= link_share) | (rules >= 0)
    colour = _colours(records)
    clusters = cluster_links(
        len(records),
        first[sure],
        second[sure],
        np.where(rules[sure] >= 0, 1000.0, 0.0) + scores.total_bits[sure],
        [a for a, _ in said],
        [b for _, b in said],
        colour,
    )
    apart_now = clusters.label[first] != clusters.label[second]
    told = {frozenset(pair) for pair in said}
    waits = apart_now & ((scores.probability >= review_share) | sure)
    explain = _Explainer(records, first, second, levels, extra, model, rules)
    ends = zip(first[waits].tolist(), second[waits].tolist(), strict=True)
    asked = [i for i, pair in zip(np.flatnonzero(waits).tolist(), ends, strict=True) if frozenset(pair) not in told]
    links = np.flatnonzero(sure)[clusters.used]
    return Resolution(
        label_of=dict(zip(ids.tolist(), ids[clusters.label].tolist(), strict=True)),
        links=tuple(explain(i) for i in links.tolist()),
        to_review=_surest([explain(i) for i in asked], _owners(records, clusters.label.tolist())),
        compared_pairs=int(first.size),
        blocks_left_out=left_out,
        model_version=version,
        converged=model.converged,
    )


def _owners(records: Sequence[MatchRecord], labels: Sequence[int]) -> dict[int, str]:
    """Whose each record is once the links are made: its cluster's account, or its cluster itself."""
    pairs = list(zip(records, labels, strict=True))
    account_of = {label: record.account_number for record, label in pairs if record.account_number}
    return {record.record_id: record.account_number or account_of.get(label, f"#{label}") for record, label in pairs}


def _surest(pairs: Sequence[MatchFound], owner_of: Mapping[int, str]) -> tuple[MatchFound, ...]:
    """Of the pairs of the same two owners the surest one: people are asked once."""
    best: dict[frozenset[str], MatchFound] = {}
    for pair in sorted(pairs, key=lambda one: (-one.total_bits, one.first_id, one.second_id)):
        owners = frozenset((owner_of[pair.first_id], owner_of[pair.second_id]))
        if len(owners) > 1:
            best.setdefault(owners, pair)
    return tuple(best.values())


def _colours(records: Sequence[MatchRecord]) -> list[int]:
    known: dict[str, int] = {"": -1}
    return [known.setdefault(record.account_number, len(known)) for record in records]


def _candidates(table: Comparable, count: int) -> tuple[Ints, Ints, int]:
    """Pairs of rows that share at least one block, each once; blocks of what many share are left out."""
    packed, left_out = [np.zeros(0, dtype=np.int64)], 0
    for code in _blocks(table, count):
        order = np.argsort(code, kind="stable")
        order = order[code[order] >= 0]
        starts = np.flatnonzero(np.diff(code[order], prepend=-2))
        sizes = np.diff(starts, append=order.size)
        left_out += int(np.count_nonzero(sizes > LARGEST_BLOCK))
        for size in np.unique(sizes[(sizes > 1) & (sizes <= LARGEST_BLOCK)]).tolist():
            members = order[starts[sizes == size][:, None] + np.arange(size)]
            one, other = np.triu_indices(size, 1)
            a, b = members[:, one].ravel(), members[:, other].ravel()
            packed.append(np.minimum(a, b) * count + np.maximum(a, b))
    pairs = np.unique(np.concatenate(packed))
    return pairs // max(count, 1), pairs % max(count, 1), left_out


def _blocks(table: Comparable, count: int) -> list[Ints]:
    if not count:
        return []
    codes, texts = table.codes, table.texts
    starts = [core[:5] for core in texts["core"]]
    return [
        codes["tax_id"],
        codes["duns"],
        codes["phone"],
        codes["email"],
        codes["host"],
        codes["core"],
        _joined(starts, texts["postcode"]),
        _joined(texts["street"], texts["postcode"]),
        _joined(texts["street"], starts),
        _joined([core[:10] for core in texts["core"]], texts["city"]),
    ]


def _joined(ones: Sequence[str], others: Sequence[str]) -> Ints:
    known: dict[tuple[str, str], int] = {}
    return np.array(
        [known.setdefault((a, b), len(known)) if a and b else -1 for a, b in zip(ones, others, strict=True)],
        dtype=np.int64,
    )


def _model(
    table: Comparable, first: Ints, second: Ints, count: int, rng: np.random.Generator
) -> tuple[MatchModel, str]:
    if count < LEAST_RECORDS or not first.size:
        return _usual(count), "usual/1"
    one = rng.integers(0, count, RANDOM_PAIRS)
    other = (one + rng.integers(1, count, RANDOM_PAIRS)) % count
    chance = chance_shares(table.levels(one, other), N_LEVELS)
    patterns, counts = np.unique(table.levels(first, second), axis=0, return_counts=True)
    model = fit_match_model(patterns, counts, chance, N_LEVELS, count * (count - 1) / 2)
    if not model.converged or model.matches < 1:
        return _usual(count), "usual/1"
    return model, f"fitted/{digest([model.match_shares.tolist(), model.chance_shares.tolist()])[:8]}"


def _usual(count: int) -> MatchModel:
    width = int(N_LEVELS.max())
    m, u = (
        np.array([[*shares, *([0.0] * (width - len(shares)))] for shares in table])
        for table in (USUAL_MATCH, USUAL_CHANCE)
    )
    bits = np.zeros_like(m)
    bits[m > 0] = np.log2(m[m > 0] / u[m > 0])
    # As if one record in two had a second one.
    prior = min(0.5, 1.0 / max(2, count))
    return MatchModel(m, u, bits, prior, 0.0, 0, True)


def _rules(table: Comparable, first: Ints, second: Ints) -> Ints:
    """Index of the identifier that both rows of a pair state and few others do; -1 for none."""
    found = np.full(first.size, -1, dtype=np.int64)
    for index, name in ((1, "duns"), (0, "tax_id")):
        codes = table.codes[name]
        shared = np.bincount(codes[codes >= 0], minlength=1)
        one = codes[first]
        own = (one >= 0) & (one == codes[second])
        own[own] = shared[one[own]] <= MOST_SHARED
        found[own] = index
    return found


def _extra_bits(table: Comparable, first: Ints, levels: Ints, model: MatchModel) -> NDArray[np.float64]:
    """A rare name that is the same says more than a common one."""
    extra = np.zeros(levels.shape)
    codes = table.codes["name"]
    if codes.size >= LEAST_RECORDS:
        shares = np.bincount(codes[codes >= 0]) / codes.size
        same = np.flatnonzero(levels[:, 0] == 0)
        extra[same, 0] = frequency_bits(shares[codes[first[same]]], float(model.chance_shares[0, 0]))
    return extra


class _Explainer:
    """Says of a pair which terms add up to its total, in thousandths of a bit, so that the sum is exact."""

    def __init__(
        self,
        records: Sequence[MatchRecord],
        first: Ints,
        second: Ints,
        levels: Ints,
        extra: NDArray[np.float64],
        model: MatchModel,
        rules: Ints,
    ) -> None:
        self._records, self._first, self._second = records, first, second
        self._levels, self._extra, self._model, self._rules = levels, extra, model, rules
        prior = model.prior_share
        self._prior = _milli(float(np.log2(prior / (1 - prior))))

    def __call__(self, at: int) -> MatchFound:
        terms = [MatchTerm(PRIOR, "", self._prior)]
        for index, (name, words) in enumerate(AGREEMENTS.items()):
            level = int(self._levels[at, index])
            bits = _milli(float(self._model.weight_bits[index, level])) if level >= 0 else Decimal("0.000")
            terms.append(MatchTerm(name, words[level] if level >= 0 else SILENT, bits))
        if self._extra[at, 0]:
            terms.append(MatchTerm(COMMON_NAME, "", _milli(float(self._extra[at, 0]))))
        total = sum((term.bits for term in terms), Decimal(0))
        rule = int(self._rules[at])
        return MatchFound(
            first_id=self._records[int(self._first[at])].record_id,
            second_id=self._records[int(self._second[at])].record_id,
            rule=MatchRule.WEIGHTS if rule < 0 else (MatchRule.TAX_ID, MatchRule.DUNS)[rule],
            terms=tuple(terms),
            total_bits=total,
            probability=float(1.0 / (1.0 + np.exp2(-min(500.0, max(-500.0, float(total)))))),
        )


def _milli(bits: float) -> Decimal:
    return Decimal(repr(bits)).quantize(_MILLI)
