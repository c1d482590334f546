"""Where an exception stands on a day. Pure."""

from datetime import date

from closeknit.rooms.decisions.contracts import ExceptionState, ProposalState


def state_on(
    day: date, *, proposal: ProposalState | None, starts_on: date, until_on: date, is_ended: bool
) -> ExceptionState:
    """Return the state on a day; the last day still counts. `proposal` is the state of its approval."""
    if is_ended:
        return ExceptionState.ENDED
    if proposal is ProposalState.WAITING or proposal is None:
        return ExceptionState.REQUESTED
    if proposal is not ProposalState.APPROVED:
        return ExceptionState.REFUSED
    if day > until_on:
        return ExceptionState.EXPIRED
    return ExceptionState.ACTIVE if day >= starts_on else ExceptionState.GRANTED


def is_review_due(day: date, state: ExceptionState, review_on: date, reviewed_on: date | None) -> bool:
    """Tell whether someone should look at it: it expired, or its day of review came and it was not looked at since."""
    if state is ExceptionState.EXPIRED:
        return True
    return state is ExceptionState.ACTIVE and day >= review_on and (reviewed_on is None or reviewed_on < review_on)
