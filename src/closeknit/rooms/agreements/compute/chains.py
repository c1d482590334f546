"""Internal agreements: what the steps of a chain take together, and what that leaves of each promise."""

from collections.abc import Iterable

from closeknit.rooms.agreements.contracts.chains import ChainSlack, WantedChain
from closeknit.rooms.agreements.contracts.deals import Clause
from closeknit.rooms.agreements.contracts.terms import Term


def slack_of(chain: WantedChain, terms: Iterable[Term]) -> tuple[ChainSlack, ...]:
    """Return what a chain leaves of each promise that rests on it, the tightest first.

    Steps follow one another, so their times add up. Only promises of the same kind of work, measure and clock can be
    added up with them; a term that holds for any service or class of work holds for the chain's as well.
    """
    total = sum(step.within_minutes for step in chain.steps)
    found = [
        ChainSlack(
            term.term_number,
            term.account_number,
            term.tier,
            term.sentence,
            term.threshold_minutes,
            term.threshold_minutes - total,
        )
        for term in terms
        if rests_on(term, chain)
    ]
    return tuple(sorted(found, key=lambda slack: (slack.slack_minutes, slack.term_number)))


def rests_on(term: Term | Clause, chain: WantedChain) -> bool:
    """Tell whether a promise is kept by a chain: one for any service rests on the chain of each."""
    return (
        (term.operation, term.measure, term.clock) == (chain.operation, chain.measure, chain.clock)
        and (not chain.service or term.service in ("", chain.service))
        and (not chain.work_class or term.work_class in ("", chain.work_class))
    )
