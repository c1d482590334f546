"""Templates of contracts, and contracts that follow none."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.agreements.contracts.deals import Clause, ContractState, Guarantee, GuaranteeKind
from closeknit.rooms.agreements.contracts.setups import CUSTOM_REVIEW_DAYS, CustomSetup, SetupCard, SetupState
from closeknit.rooms.agreements.contracts.terms import Clock, Measure
from closeknit.rooms.agreements.models import ContractVersion, SetupTemplate
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


def list_setups(*, by: Actor, at: datetime, state: str = "", is_due: bool = False) -> list[SetupCard]:
    """Return templates by name; `is_due`: those in use whose review date has come. For whoever works here."""
    by.require(Permission.READ_INTERNAL)
    rows = SetupTemplate.objects.order_by("name", "-made_at")
    found = [setup_of(row, at) for row in (rows.filter(state=state) if state else rows)]
    return [card for card in found if card.is_review_due or not is_due]


def get_setup(template_id: UUID, *, by: Actor, at: datetime) -> SetupCard:
    """Return one template, or raise NotFound."""
    by.require(Permission.READ_INTERNAL)
    row = SetupTemplate.objects.filter(pk=template_id).first()
    if row is None:
        raise NotFound("There is no such template.", where=str(template_id))
    return setup_of(row, at)


def list_custom_setups(*, by: Actor, at: datetime, limit: int = 500) -> list[CustomSetup]:
    """Return signed contracts in force, of accounts that the actor may see, that follow no template; oldest first."""
    by.require(Permission.READ_ACCOUNTS)
    by.require(Permission.READ_INTERNAL)
    due_days = int(org.get_setting(CUSTOM_REVIEW_DAYS, at=at, by=org.system_actor()).value)
    day = at.date()
    rows = ContractVersion.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=day), state=ContractState.SIGNED.value, starts_on__lte=day
    ).exclude(account_number="")
    if not by.scope_of(Permission.READ_INTERNAL).every_account:
        rows = rows.filter(account_number__in=org.visible_account_numbers(by, Permission.READ_INTERNAL))
    templates = SetupTemplate.objects.values_list("uses", "made_of")
    followed = {UUID(str(version)) for uses, made_of in templates for version in (*uses, made_of)}
    found = [_custom(row, at, due_days) for row in rows.order_by("decided_at", "id") if row.pk not in followed]
    return found[:limit]


def _custom(row: ContractVersion, at: datetime, due_days: int) -> CustomSetup:
    signed_at = row.decided_at or row.drafted_at
    age = max((at - signed_at).days, 0)
    return CustomSetup(
        version_id=row.pk,
        contract_number=row.contract_number,
        account_number=row.account_number,
        title=row.title,
        clauses=len(row.clauses),
        signed_on=signed_at.date(),
        age_days=age,
        is_review_due=age >= due_days,
    )


def setup_of(row: SetupTemplate, at: datetime) -> SetupCard:
    """Return a stored template as others know it."""
    state = SetupState(row.state)
    return SetupCard(
        template_id=row.pk,
        thread_id=row.thread_id,
        name=row.name,
        purpose=row.purpose,
        state=state,
        calendar=row.calendar,
        pause_reasons=tuple(row.pause_reasons),
        clauses=tuple(
            Clause(**{**body, "measure": Measure(body["measure"]), "clock": Clock(body["clock"])})
            for body in row.clauses
        ),
        guarantees=tuple(Guarantee(**{**body, "kind": GuaranteeKind(body["kind"])}) for body in row.guarantees),
        proof=row.proof,
        used=len(row.uses),
        review_on=row.review_on,
        is_review_due=state is SetupState.IN_USE and row.review_on <= at.date(),
        finding=row.finding,
        retired_because=row.retired_because,
        made_by_name=row.made_by_name,
        made_at=row.made_at,
    )
