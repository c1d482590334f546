"""What is agreed to be shared with partners, and the log of what left."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.demand.contracts.sharing import (
    SharedDetail,
    SharedField,
    SharePeriod,
    SharingAccess,
    SharingCard,
)
from closeknit.rooms.demand.models.sharing import SharingAccessRow, SharingAgreement
from closeknit.rooms.demand.reads.runs import sees_whole


def list_sharing(*, operation: str = "", standing_at: datetime | None = None, by: Actor) -> list[SharingCard]:
    """Return agreements, latest first; with `standing_at`, only those that allow something at that instant."""
    _require(by)
    rows = SharingAgreement.objects.all().order_by("-agreed_at", "-pk")
    if operation:
        rows = rows.filter(operation=operation)
    exports = Counter(SharingAccessRow.objects.values_list("agreement_id", flat=True))
    cards = [_card(row, exports[row.pk]) for row in rows]
    return [card for card in cards if standing_at is None or card.stands(standing_at.date())]


def get_sharing(agreement_id: UUID, *, by: Actor) -> SharingCard:
    """Return one agreement, or raise NotFound."""
    _require(by)
    row = SharingAgreement.objects.filter(pk=agreement_id).first()
    if row is None:
        raise NotFound("There is no such agreement to share.", where=str(agreement_id))
    return _card(row, SharingAccessRow.objects.filter(agreement=row).count())


def list_sharing_accesses(*, agreement_id: UUID | None = None, by: Actor, limit: int = 200) -> list[SharingAccess]:
    """Return the access log, latest first: every time that numbers left the house."""
    _require(by)
    rows = SharingAccessRow.objects.select_related("agreement").order_by("-at", "-pk")
    if agreement_id is not None:
        rows = rows.filter(agreement_id=agreement_id)
    return [
        SharingAccess(
            access_id=row.pk,
            agreement_id=row.agreement_id,
            partner=row.agreement.partner,
            operation=row.agreement.operation,
            run_id=row.run_id,
            at=row.at,
            by_name=row.by_name,
            way=row.way,
            cells=row.cells,
            withheld=row.withheld,
            digest=row.digest,
        )
        for row in rows[:limit]
    ]


def _require(by: Actor) -> None:
    if not sees_whole(by=by):
        raise Denied(
            f"{by.name} sees the accounts of some teams only; what is shared is made of all of them.",
            where="account scope",
            todo="Ask somebody who sees every account.",
        )


def _card(row: SharingAgreement, exports: int) -> SharingCard:
    return SharingCard(
        agreement_id=row.pk,
        thread_id=row.thread_id,
        partner=row.partner,
        operation=row.operation,
        purpose=row.purpose,
        detail=SharedDetail(row.detail),
        period=SharePeriod(row.period),
        fields=tuple(SharedField(name) for name in row.fields),
        from_on=row.from_on,
        until_on=row.until_on,
        least_accounts=row.least_accounts,
        agreed_at=row.agreed_at,
        agreed_by=row.agreed_by_name,
        ended_at=row.ended_at,
        ended_by=row.ended_by_name,
        end_reason=row.end_reason,
        exports=exports,
    )
