"""Satisfaction as a function of the time that work took, by the engine's falling fit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from closeknit.engine import customers as engine
from closeknit.rooms.agreements.contracts.expectations import (
    CLEAR_SHARE,
    Expectation,
    ExpectationStep,
    ExpectationVerdict,
    PairedAnswer,
)
from closeknit.rooms.agreements.contracts.terms import Measure

INTERVAL_LEVEL = 0.9
SEED = 20_240_607
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class PromiseKind:
    """What a promise is about: work of one kind, and what of it is measured."""

    operation: str
    service: str
    work_class: str
    measure: Measure


def expectation_of(
    promise: PromiseKind, answers: Sequence[PairedAnswer], *, wanted_score: float, least_answers: int
) -> Expectation:
    """Return up to which time answers say that customers stay satisfied, beside what was promised.

    The same answers, in any order, give the same numbers.
    """
    answers = sorted(answers, key=lambda each: (each.account_number, each.minutes, each.score, each.allowed_minutes))
    minutes, scores = [each.minutes for each in answers], [each.score for each in answers]
    if len(answers) < least_answers:
        fit = engine.falling_fit(minutes, scores)
        few = f"{len(answers)} of {least_answers} answers."
        return _expectation(promise, answers, fit, ExpectationVerdict.TOO_FEW, few)
    found = engine.satisfaction_limit(
        minutes,
        scores,
        wanted_score,
        group=np.unique([each.account_number for each in answers], return_inverse=True)[1],
        interval_level=INTERVAL_LEVEL,
        resamples=RESAMPLES,
        rng=np.random.default_rng(SEED),
    )
    verdict = _verdict(found, median(each.allowed_minutes for each in answers))
    sentence = _sentence(verdict, found, wanted_score, len(answers))
    return _expectation(promise, answers, found.fit, verdict, sentence, found)


def _verdict(found: engine.SatisfactionLimit, promised: float) -> ExpectationVerdict:
    if found.limit_time == 0.0:
        return ExpectationVerdict.NEVER
    if math.isinf(found.limit_time):
        return ExpectationVerdict.ALWAYS
    if found.chance_share > CLEAR_SHARE:
        return ExpectationVerdict.NO_LINK
    if found.high_time < promised:
        return ExpectationVerdict.TOO_LOOSE
    return ExpectationVerdict.TOO_TIGHT if found.low_time > promised else ExpectationVerdict.FITTING


def _sentence(verdict: ExpectationVerdict, found: engine.SatisfactionLimit, wanted_score: float, answers: int) -> str:
    of = f"{answers:,} answers"
    if verdict is ExpectationVerdict.ALWAYS:
        return f"Satisfaction stays at {wanted_score:g} or above at every time seen ({of})."
    if verdict is ExpectationVerdict.NEVER:
        return f"Satisfaction is below {wanted_score:g} at every time seen ({of})."
    if verdict is ExpectationVerdict.NO_LINK:
        share = f"{found.chance_share * 100:.0f} %"
        return f"Satisfaction falls no more clearly with time than chance makes it in {share} of cases ({of})."
    high = _span(found.high_time) if math.isfinite(found.high_time) else "every time seen"
    return (
        f"Satisfaction stays at {wanted_score:g} or above up to {_span(found.limit_time)},"
        f" 90 % sure between {_span(found.low_time)} and {high} ({of})."
    )


def _span(minutes: float) -> str:
    if minutes < 120:
        return f"{minutes:.3g} minutes"
    return f"{minutes / 60:.3g} hours" if minutes < 48 * 60 else f"{minutes / 1440:.3g} days"


def _expectation(
    promise: PromiseKind,
    answers: Sequence[PairedAnswer],
    fit: engine.FallingFit,
    verdict: ExpectationVerdict,
    sentence: str,
    found: engine.SatisfactionLimit | None = None,
) -> Expectation:
    allowed = [each.allowed_minutes for each in answers]
    has_limit = verdict in (ExpectationVerdict.TOO_LOOSE, ExpectationVerdict.TOO_TIGHT, ExpectationVerdict.FITTING)
    limit = found if has_limit else None
    return Expectation(
        operation=promise.operation,
        service=promise.service,
        work_class=promise.work_class,
        measure=promise.measure,
        answers=len(answers),
        accounts=len({each.account_number for each in answers}),
        promised_minutes=float(median(allowed)),
        least_promised_minutes=min(allowed),
        most_promised_minutes=max(allowed),
        limit_minutes=limit.limit_time if limit else None,
        low_minutes=limit.low_time if limit else None,
        high_minutes=limit.high_time if limit and math.isfinite(limit.high_time) else None,
        chance_share=found.chance_share if found else None,
        verdict=verdict,
        sentence=sentence,
        steps=tuple(
            ExpectationStep(float(low), float(high), float(score), round(float(weight)))
            for low, high, score, weight in zip(fit.from_time, fit.to_time, fit.score, fit.weight, strict=True)
        ),
    )
