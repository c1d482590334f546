"""What an author's record makes of what the author says, and which insights say the opposite of one another."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from closeknit.engine.forecasting import calibrate_chances, score_stated_chances, shrunk_size_ratio
from closeknit.rooms.customers.contracts import (
    AuthorRecord,
    InsightCard,
    InsightInForce,
    InsightState,
    ReliabilityBin,
)


def weigh(card: InsightCard, settled: Sequence[InsightCard]) -> InsightInForce:
    """Return an insight with the chance and size that its author's settled ones make of the stated ones."""
    chances = calibrate_chances([card.probability], *_outcomes(settled))
    return InsightInForce(
        card=card,
        calibrated_probability=float(chances[0]),
        calibrated_size=card.signed_size * size_ratio(settled),
        settled_before=len(settled),
    )


def size_ratio(settled: Iterable[InsightCard]) -> float:
    """Return by how much to multiply stated sizes, by the sizes of what did happen."""
    came = [(card.size, card.actual_size) for card in settled if card.happened_share and card.actual_size is not None]
    return shrunk_size_ratio([size for size, _ in came], [size for _, size in came])


def judge_author(author_key: str, author: str, cards: Sequence[InsightCard]) -> AuthorRecord:
    """Return how right an author has been, by all of the author's insights."""
    settled = [card for card in cards if card.state is InsightState.SETTLED]
    score = score_stated_chances(*_outcomes(settled)) if settled else None
    return AuthorRecord(
        author_key=author_key,
        author=author,
        standing=sum(card.state is InsightState.STANDING for card in cards),
        settled=len(settled),
        brier_score=score.brier_score if score else None,
        reference_brier_score=score.reference_brier_score if score else None,
        mean_stated_share=score.mean_stated if score else None,
        mean_happened_share=score.mean_happened if score else None,
        size_ratio=size_ratio(settled),
        bins=tuple(
            ReliabilityBin(float(start), int(count), float(stated), float(happened))
            for start, count, stated, happened in zip(
                score.bin_from, score.bin_count, score.bin_stated, score.bin_happened, strict=True
            )
        )
        if score
        else (),
    )


def contradictions(cards: Iterable[InsightCard]) -> Mapping[UUID, tuple[UUID, ...]]:
    """Return, for each standing insight, those of its account that say the opposite of some of the same days and place.

    "" as service or region is every one.
    """
    standing = [card for card in cards if card.state is InsightState.STANDING]
    by_account: dict[str, list[InsightCard]] = {}
    for card in standing:
        by_account.setdefault(card.account_number, []).append(card)
    return {
        card.insight_id: tuple(
            other.insight_id for other in by_account[card.account_number] if _contradict(card, other)
        )
        for card in standing
    }


def _contradict(one: InsightCard, other: InsightCard) -> bool:
    return (
        one.direction is not other.direction
        and one.from_on < other.to_on
        and other.from_on < one.to_on
        and (not one.service or not other.service or one.service == other.service)
        and (not one.region or not other.region or one.region == other.region)
    )


def _outcomes(settled: Iterable[InsightCard]) -> tuple[list[float], list[float]]:
    known = [(card.probability, card.happened_share) for card in settled if card.happened_share is not None]
    return [chance for chance, _ in known], [share for _, share in known]
