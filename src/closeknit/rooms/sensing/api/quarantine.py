"""JSON operations of refused rows."""

from typing import Any

from ninja import Field, Query, Router, Schema

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.mend_rows import MOST_ROWS, mend_alike, mend_row
from closeknit.rooms.sensing.actions.set_rows_aside import set_rows_aside
from closeknit.rooms.sensing.contracts import MendOutcome, QuarantinedCard, QuarantineReason, RowToMend

router = Router(tags=["sensing"])
LARGEST_ID = 2**63 - 1


class MendWish(Schema):
    """What a refused row should say: column -> text, null for empty. Columns left out stay as they are."""

    values: dict[str, str | None] = Field(max_length=2000)
    why: str = Field(max_length=500)


class MendAlikeWish(Schema):
    """One replacement for every waiting row of a code; without a column the rows are tried as they are."""

    code: str = Field(max_length=60)
    column: str = Field("", max_length=200)
    was: str | None = Field(None, max_length=2000)
    to: str | None = Field(None, max_length=2000)
    why: str = Field(max_length=500)


class SetAsideWish(Schema):
    """Rows that are rightly refused."""

    row_ids: list[int] = Field(min_length=1, max_length=MOST_ROWS)
    why: str = Field(max_length=500)


class RowsSetAside(Schema):
    """How many rows wait no more."""

    rows: int


@router.get("/feeds/{name}/quarantine", response=list[QuarantinedCard])
def list_quarantined(
    request: Request,
    name: str,
    code: str = Query("", max_length=60),
    also_settled: bool = False,
    before_id: int | None = Query(None, ge=1, le=LARGEST_ID),
    limit: int = Query(100, ge=1, le=1000),
):
    """A feed's refused rows that still wait, newest first, each with its reason."""
    reads.get_feed(name, by=request.actor)
    return reads.list_quarantined(
        by=request.actor, feed=name, code=code, also_settled=also_settled, before_id=before_id, limit=limit
    )


@router.get("/feeds/{name}/quarantine/reasons", response=list[QuarantineReason])
def list_reasons(request: Request, name: str):
    """For what codes rows wait, the most frequent first."""
    reads.get_feed(name, by=request.actor)
    return reads.count_quarantine_reasons(name, by=request.actor)


@router.post("/quarantine/set-aside", response=RowsSetAside)
def set_aside(request: Request, wish: SetAsideWish):
    """Say that rows are rightly refused: they wait no more and stay counted as quarantined."""
    return RowsSetAside(rows=set_rows_aside(wish.row_ids, why=wish.why, by=request.actor, at=clock.now()))


@router.get("/quarantine/{row_id}", response=RowToMend)
def get_row(request: Request, row_id: int):
    """A refused row as its feed's recipe sees it now: every column with what is wrong there."""
    return reads.get_row_to_mend(row_id, by=request.actor, at=clock.now())


@router.post("/quarantine/{row_id}/mend", response=MendOutcome)
def mend(request: Request, row_id: int, wish: MendWish):
    """Put values in place of what a row says and try it again. One that is still refused changes nothing."""
    values: dict[str, Any] = wish.values
    return mend_row(row_id, values, why=wish.why, by=request.actor, at=clock.now())


@router.post("/feeds/{name}/quarantine/mend", response=MendOutcome)
def mend_many(request: Request, name: str, wish: MendAlikeWish):
    """Try every waiting row of a code again with one replacement, 10,000 at most."""
    return mend_alike(
        name,
        wish.code,
        column=wish.column,
        was=wish.was,
        to=wish.to,
        why=wish.why,
        by=request.actor,
        at=clock.now(),
    )
