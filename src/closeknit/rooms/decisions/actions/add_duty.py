"""Add, install, pass on and end recurring duties."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute.duties import check_rule, describe, plain_rule
from closeknit.rooms.decisions.compute.messages import for_ledger, one_line
from closeknit.rooms.decisions.contracts import DutyRule, DutyTemplate, Entry
from closeknit.rooms.decisions.models import Duty, DutyOccurrence
from closeknit.rooms.decisions.reads.duties import EVIDENCE, ROLE, shipped_templates
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import SEES_EVERY_ACCOUNT, Permission, Role

MOST_BACK = timedelta(days=31)


def add_duty(
    *,
    name: str,
    owner: str,
    rule: DutyRule,
    evidence: Iterable[str],
    statement: str,
    starts_on: date,
    about: str = "",
    template: str = "",
    by: Actor,
    at: datetime,
) -> UUID:
    """Have something recur from a day on, and return the duty's id. For who decides or manages settings.

    `owner` is a user name, a person's key, or a role such as "role:executive".

    Refuses an owner who cannot own it, an unknown evidence query, a rule without one day in each period, a start more
    than a month back, and a second duty of one template for one owner.
    """
    _require(by)
    owner = _owner_key(owner)
    check_rule(rule)
    listed = tuple(dict.fromkeys(evidence))
    _check(name, statement, listed, starts_on, at)
    _check_owner(owner)
    with transaction.atomic():
        if template and Duty.objects.filter(template=template, owner_key=owner, ended_at=None).exists():
            raise Conflict("This owner has the duty already.", where=f"{template} for {owner}")
        row = Duty.objects.create(
            id=ids.new_id(),
            name=for_ledger(one_line(name)),
            about=about.strip(),
            owner_key=owner,
            template=template,
            rule=plain_rule(rule),
            evidence=list(listed),
            statement=statement.strip(),
            starts_on=starts_on,
            generated_through=starts_on - timedelta(days=1),
            created_at=at,
            created_by_name=by.name,
            thread_id=ids.new_id(),
        )
        _record(row, "added", f"{{actor}} had “{row.name}” recur {describe(rule)}.", by)
    return row.pk


def install_duty_templates(keys: Iterable[str] = (), *, starts_on: date, by: Actor, at: datetime) -> list[UUID]:
    """Add the shipped duties of these keys (none: of all), each for its owner; return the ids of the new ones.

    Who has a duty of the template already keeps it as it is, so that a repeat adds only what is missing.
    """
    _require(by)
    shipped = shipped_templates()
    wanted = list(keys) or list(shipped)
    unknown = [key for key in wanted if key not in shipped]
    if unknown:
        raise NotFound(f"There is no template {unknown[0]}.", todo=f"There are: {', '.join(shipped)}.")
    made = []
    with transaction.atomic():
        for template in (shipped[key] for key in wanted):
            for owner in _owners_of(template, by, at):
                if not Duty.objects.filter(template=template.key, owner_key=owner, ended_at=None).exists():
                    made.append(_install(template, owner, starts_on, by, at))
    return made


def assign_duty(duty_id: UUID, *, owner: str, reason: str, by: Actor, at: datetime) -> None:
    """Pass a duty on to another owner, with a reason: what is not signed yet is theirs too.

    Its evidence is gathered anew, with the new owner's rights; the ledger keeps the digests of both.
    """
    _require(by)
    owner = _owner_key(owner)
    _check_owner(owner)
    with transaction.atomic():
        row = _lock(duty_id)
        before, row.owner_key = row.owner_key, owner
        row.save(update_fields=["owner_key"])
        DutyOccurrence.objects.filter(duty=row, signed_at=None).update(
            owner_key=owner, evidence=None, evidence_sha256="", gathered_at=None
        )
        sentence = f"{{actor}} passed “{row.name}” on to another owner. Reason: {_reason(reason)}"
        _record(row, "assigned", sentence, by, before=before, after=owner, at=at)


def end_duty(duty_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Have a duty recur no more, with a reason. What is due already still waits for its signature."""
    _require(by)
    with transaction.atomic():
        row = _lock(duty_id)
        row.ended_at, row.end_reason = at, _reason(reason)
        row.save(update_fields=["ended_at", "end_reason"])
        _record(row, "ended", f"{{actor}} ended “{row.name}”. Reason: {row.end_reason}", by)


def _install(template: DutyTemplate, owner: str, starts_on: date, by: Actor, at: datetime) -> UUID:
    return add_duty(
        name=template.name,
        owner=owner,
        rule=template.rule,
        evidence=template.evidence,
        statement=template.statement,
        starts_on=starts_on,
        about=template.about,
        template=template.key,
        by=by,
        at=at,
    )


def _owners_of(template: DutyTemplate, by: Actor, at: datetime) -> list[str]:
    if not template.each:
        return [f"{ROLE}{template.role}"]
    people = org.list_people_who(Permission.READ_ACCOUNTS, account_number=None, at=at, by=by)
    return [card.key for card in people if template.role in card.roles]


def _require(by: Actor) -> None:
    if not by.may(Permission.DECIDE):
        by.require(Permission.MANAGE_SETTINGS)


def _check(name: str, statement: str, evidence: tuple[str, ...], starts_on: date, at: datetime) -> None:
    if not one_line(name) or len(one_line(name)) > 120:
        raise Invalid("A duty needs a name of at most 120 letters.", where="name")
    if not statement.strip() or len(statement) > 2000:
        raise Invalid("A duty needs a statement that is signed.", where="statement", todo="Say what is confirmed.")
    unknown = [query for query in evidence if query not in declared(EVIDENCE)]
    if unknown:
        known = ", ".join(sorted(declared(EVIDENCE)))
        raise Invalid(f"There is no evidence query {unknown[0]}.", where="evidence", todo=f"There are: {known}.")
    if not at.date() - MOST_BACK <= starts_on <= at.date() + timedelta(days=3660):
        raise Invalid("A duty starts within a month back and ten years ahead.", where="starts_on")


def _owner_key(owner: str) -> str:
    """Return the owner's key; a person may be given by user name."""
    person = None if ":" in owner else org.find_actor_by_username(owner)
    return person.key if person else owner


def _check_owner(owner: str) -> None:
    kind, _, name = owner.partition(":")
    if kind == "role" and name in set(Role):
        if Role(name) not in SEES_EVERY_ACCOUNT:
            raise Invalid(
                "This role is held over some accounts, so nobody's evidence would be whole.",
                where=owner,
                todo="Give the duty to a person.",
            )
        return
    if kind != "person":
        raise Invalid(
            "A duty is owned by a person or a role.", where=owner, todo="Write a user name, or role:executive."
        )
    if not org.get_actor(owner).may(Permission.READ_DECISIONS):
        raise Invalid("This person reads no decisions, so cannot own a duty.", where=owner)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("This needs a reason.", where="reason", todo="Say why, in a sentence.")
    return for_ledger(one_line(reason))[:500]


def _lock(duty_id: UUID) -> Duty:
    row = Duty.objects.select_for_update().filter(pk=duty_id).first()
    if row is None:
        raise NotFound("There is no such duty.", where=str(duty_id))
    if row.ended_at is not None:
        raise Conflict("This duty has ended already.", where=row.name)
    return row


def _record(row: Duty, what: str, sentence: str, by: Actor, **more: object) -> None:
    # Own rights come first; under a lent one the line says for whom.
    hat = None if by.permissions & {Permission.DECIDE, Permission.MANAGE_SETTINGS} else by.hat_for(Permission.DECIDE)
    if hat is not None:
        sentence = sentence.replace("{actor}", f"{{actor}} for {hat.on_behalf_of}", 1)
        more["on_behalf_of"] = hat.lender_key
    evidence = {"owner": row.owner_key, "rule": row.rule, "queries": row.evidence, "statement": row.statement, **more}
    record_entry(
        Entry(
            thread_id=row.thread_id, kind=f"duty.{what}", subject=f"duty:{row.pk}", sentence=sentence, evidence=evidence
        ),
        by=by,
    )
