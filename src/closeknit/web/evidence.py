"""Which questions a duty can have answered when it falls due: the one table of evidence, over all rooms.

Each is asked with the rights of the duty's owner. Rows hold plain values only; one about an account names it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from closeknit.rooms.decisions.contracts import EvidenceAsk, EvidenceQuery

MOST = 500
Rows = Sequence[Mapping[str, Any]]


def evidence_queries() -> dict[str, EvidenceQuery]:
    """Return every query by its name."""
    listed = (
        EvidenceQuery("accounts", "Accounts with their figures on the board", _accounts),
        EvidenceQuery("account-promises", "Promises made to single accounts", _account_promises),
        EvidenceQuery("plans", "Plans in force", _plans),
        EvidenceQuery("forecast-quality", "Forecasts and how good they were on weeks held out", _forecasts),
        EvidenceQuery("feeds", "Feeds, their age and what waits in quarantine", _feeds),
        EvidenceQuery("assumptions", "What sources and plans assume", _assumptions),
        EvidenceQuery("decisions-made", "Proposals decided since the last time", _decisions),
        EvidenceQuery("open-exceptions", "Exceptions in force or up for review", _exceptions),
        EvidenceQuery("escalations", "Escalations open or closed since the last time", _escalations),
        EvidenceQuery("local-deviations", "Settings that deviate somewhere", _deviations),
        EvidenceQuery("ledger-check", "The ledger's own check", _ledger_check),
    )
    return {query.name: query for query in listed}


def _accounts(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.outcomes import reads as outcomes

    return _picked(
        outcomes.list_board(by=ask.reader, sort="short", limit=MOST),
        "account_number name tier team coverage_share need_hours served_hours short_hours first_short_week_on"
        " refreshed_at",
    )


def _account_promises(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.agreements import reads as agreements

    terms = agreements.list_terms(by=ask.reader, on=ask.until_at.date())
    own = [term for term in terms if term.account_number]
    return [
        {**row, "promise": term.sentence}
        for row, term in zip(
            _picked(own, "account_number term_number operation service starts_on ends_on source"), own, strict=True
        )
    ]


def _plans(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.capacity import reads as capacity
    from closeknit.rooms.capacity.contracts import PlanState

    return _picked(
        capacity.list_plans(by=ask.reader, states=[PlanState.COMMITTED], limit=MOST),
        "operation first_on weeks made_at coverage_share short_hours accounts_short top_tier_accounts_short plan_id",
    )


def _forecasts(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.demand import reads as demand

    newest = {run.operation: run for run in reversed(demand.list_runs(by=ask.reader, limit=MOST))}
    return _picked(
        newest.values(), "operation made_at data_until_at series wape_share interval_coverage_share bias_share run_id"
    )


def _feeds(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.sensing import reads as sensing

    return _picked(sensing.list_feeds(by=ask.reader), "feed title newest_data_at last_loaded_at waiting_in_quarantine")


def _assumptions(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.capacity import reads as capacity
    from closeknit.rooms.capacity.contracts import PlanState
    from closeknit.rooms.sensing import reads as sensing

    plans = capacity.list_plans(by=ask.reader, states=[PlanState.COMMITTED], limit=MOST)
    made = [
        {"by": f"feed {feed.feed}", "assumes": a}
        for feed in sensing.list_feeds(by=ask.reader)
        for a in feed.assumptions
    ]
    return made + [{"by": f"plan {plan.operation}", "assumes": a} for plan in plans for a in plan.assumptions]


def _decisions(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.decisions import reads as decisions
    from closeknit.rooms.decisions.contracts import ProposalState

    ended = [state for state in ProposalState if state is not ProposalState.WAITING]
    cards = decisions.list_proposals(by=ask.reader, states=ended, limit=10 * MOST)
    since = [card for card in cards if card.decided_at and ask.since_at <= card.decided_at < ask.until_at]
    return _picked(
        since, "kind title account_number state proposed_by proposed_at decided_by decided_at reason proposal_id"
    )


def _exceptions(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.decisions import reads as decisions
    from closeknit.rooms.decisions.contracts.exceptions import ExceptionState

    cards = decisions.list_exceptions(by=ask.reader, at=ask.until_at, limit=MOST)
    live = [card for card in cards if card.state is ExceptionState.ACTIVE or card.is_review_due]
    return _picked(
        live, "account_number place deviates_from allowed reason state until_on review_on owner exception_id"
    )


def _escalations(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.decisions import reads as decisions

    cards = decisions.list_escalations(by=ask.reader, limit=MOST)
    since = [card for card in cards if card.closed_at is None or card.closed_at >= ask.since_at]
    return _picked(
        since, "path_title title account_number state level levels holder raised_at closed_at reason escalation_id"
    )


def _deviations(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.org import reads as org

    return [
        {
            "setting": found.setting.key,
            "level": found.value.level,
            "place": found.value.place,
            "account_number": found.value.place if found.value.level == "account" else "",
            "value": found.setting.show(found.value.value),
            "company_value": found.setting.show(found.global_value),
            "reason": found.value.reason,
            "set_by": found.value.set_by,
            "since": found.value.starts_at,
            "review_due": found.is_review_due,
        }
        for found in org.list_deviations(at=ask.until_at, by=ask.reader)
    ]


def _ledger_check(ask: EvidenceAsk) -> Rows:
    from closeknit.rooms.decisions import reads as decisions

    check = decisions.get_ledger_check(by=ask.reader)
    summary = {"entries": check.entries, "checkpoints": check.checkpoints, "kept_outside": check.outside}
    found = [{"finding": finding.what, "first_entry": finding.first} for finding in check.findings]
    return [{**summary, "waiting": check.waiting, "findings": len(check.findings)}, *found]


def _picked(cards: Iterable[Any], fields: str) -> list[dict[str, Any]]:
    return [{name: getattr(card, name) for name in fields.split()} for card in list(cards)[:MOST]]
