"""Make a week's values and scores again from what was kept, as the ledger's replay asks. Nothing is written."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import digest
from closeknit.kernel.errors import NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.compute.score_rows import score_columns
from closeknit.rooms.customers.models import ScoreRow, ValueRow, WorthRun
from closeknit.rooms.decisions.contracts import LedgerLine, Recomputed
from closeknit.rooms.org.contracts import Permission


def recompute_values_line(line: LedgerLine, *, by: Actor) -> Recomputed:
    """Value the accounts of a run again, and compare every bit."""
    by.require(Permission.READ_LEDGER)
    run_id = UUID(str(line.evidence["run_id"]))
    now, count = reads.values_made_again(run_id, by=by)
    how = f"Both models fitted again on the kept histories of {count:,} accounts, and all of them valued."
    return Recomputed(str(line.evidence["result_digest"]), now, how)


def recompute_scores_line(line: LedgerLine, *, by: Actor) -> Recomputed:
    """Score the accounts of a run again from their kept values, weights and handling time."""
    by.require(Permission.READ_LEDGER)
    then, now, count = scores_made_again(UUID(str(line.evidence["run_id"])), by=by)
    return Recomputed(then, now, f"{count:,} accounts scored again from kept values, weights and handling time.")


def scores_made_again(run_id: UUID, *, by: Actor) -> tuple[str, str, int]:
    """Return digests of a run's scores as they stand and as they come out now, and how many there are.

    Raises:
        NotFound: for a run that is not there, or for who does not read the ledger over every account.
    """
    by.require(Permission.READ_LEDGER)
    run = WorthRun.objects.filter(pk=run_id, scored_at__isnull=False).first()
    if run is None or not by.scope_of(Permission.READ_LEDGER).every_account:
        raise NotFound("There is no such run.", where=str(run_id))
    stored = list(ScoreRow.objects.filter(run=run).order_by("account_number"))
    values = list(
        ValueRow.objects.filter(run=run, account_number__in=[row.account_number for row in stored]).order_by(
            "account_number"
        )
    )
    again = score_columns(values, {row.account_number: dict(row.inputs) for row in stored})
    then = digest([[row.account_number, row.thousandths, row.terms] for row in stored])
    now = digest([[row["account_number"], row["thousandths"], row["terms"]] for row in again])
    return then, now, len(stored)
