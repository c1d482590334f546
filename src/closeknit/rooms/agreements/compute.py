"""Which term holds for a piece of work: pure, no database."""

from collections.abc import Iterable

from closeknit.rooms.agreements.contracts import Term


def pick_term(
    terms: Iterable[Term], *, account_number: str, tier: str, service: str, work_class: str
) -> Term | None:
    """Return the most specific of the terms that hold for a piece of work, or None where none does.

    An account's own term comes before its tier's default, and that before a term for everyone (recorded or assumed).
    Among equals the one that names the service wins, then the one that names the class of work, then the stricter
    (shorter time, higher share), then the term number, so that the answer never depends on the order of `terms`.
    A term that names something never holds for work that states nothing there.
    """
    holding = [term for term in terms if _holds(term, account_number, tier, service, work_class)]
    return min(holding, key=_rank, default=None)


def _holds(term: Term, account_number: str, tier: str, service: str, work_class: str) -> bool:
    if term.account_number:
        who = term.account_number == account_number
    else:
        who = term.tier in ("", tier)
    return who and term.service in ("", service) and term.work_class in ("", work_class)


def _rank(term: Term) -> tuple[int, bool, bool, float, float, str]:
    closeness = 0 if term.account_number else 1 if term.tier else 2
    return (
        closeness,
        not term.service,
        not term.work_class,
        term.threshold_minutes,
        -term.target_share,
        term.term_number,
    )
