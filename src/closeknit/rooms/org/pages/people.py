"""Pages of people: who may do what, one person, lending and absences, and the rules behind it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.change_roles import change_roles, disable_person, enable_person
from closeknit.rooms.org.actions.create_person import create_person
from closeknit.rooms.org.actions.delegate import delegate, end_delegation
from closeknit.rooms.org.actions.report_absence import end_absence, report_absence
from closeknit.rooms.org.contracts import (
    NEVER_LENT,
    PERMISSIONS_OF,
    SEES_EVERY_ACCOUNT,
    STANDS_ALONE,
    GrantCard,
    Permission,
    PersonCard,
    Role,
)
from closeknit.rooms.org.forms import Away, Because, Loan, NewPerson, RightsForm
from closeknit.rooms.org.pages.reading import sent


@require_GET
def list_people(request: Request) -> HttpResponseBase:
    """Who may do what, over which accounts, and who is away?"""
    by: Actor = request.actor
    people = reads.list_people(by=by)
    if request.GET.get("format") == "csv":
        header = ("key", "username", "name", "roles", "reaches", "is_active")
        rows = ((p.key, p.username, p.name, p.roles, reach_of(p), p.is_active) for p in people)
        return csv_response("people", header, rows)
    now = clock.now()
    absent = reads.list_absent(at=now, by=by)
    lent = reads.list_delegations(at=now, by=by)
    rows_shown = [
        {
            "person": person,
            "reach": reach_of(person),
            "is_away": person.key in absent,
            "lends_to": [d for d in lent if d.lender_key == person.key],
        }
        for person in people
    ]
    return render(request, "org/people.html", {"rows": rows_shown, "roles": reads.get_access_rules(by=by).roles})


@require_GET
def show_person(request: Request, key: str) -> HttpResponseBase:
    """What may this person do, over which accounts, by whose leave, and since when?"""
    by: Actor = request.actor
    person = reads.get_person(key, by=by)
    now = clock.now()
    manages = by.may(Permission.MANAGE_PEOPLE)
    own = key == by.key
    return render(
        request,
        "org/person.html",
        {
            "person": person,
            "reach": reach_of(person),
            "own": own,
            "may_change": manages and not own,
            "delegations": [(d, d.ended_at is None and d.ends_at > now) for d in _delegations(key, by)],
            "absences": [(a, a.ended_at is None and a.ends_at > now) for a in _absences(key, by)],
            "changes": reads.list_rights_changes(key, by=by),
            "roles": [(role, role in person.roles) for role in Role],
            "teams": "\n".join(g.team for g in person.grants if g.team and not g.region),
            "regions": "\n".join(g.region for g in person.grants if g.region and not g.team),
            "accounts": "\n".join(g.account_number for g in person.grants if g.account_number),
            "colleagues": [c for c in _colleagues(by) if c.key != key],
            "lendable": _lendable(person),
            "may_lend": (own and by.may(Permission.DELEGATE)) or manages,
            "may_report": own or manages,
        },
    )


@require_POST
def add_person(request: Request) -> HttpResponseBase:
    """Let someone in."""
    form = sent(NewPerson, request)
    actor = create_person(
        username=form["username"],
        name=form["name"],
        password=form["password"],
        roles=[Role(role) for role in form["roles"]],
        grants=_grants(form),
        reason=form["reason"],
        by=request.actor,
    )
    messages.success(request, f"{actor.name} can now sign in as {form['username']}.")
    return redirect("person-detail", key=actor.key)


@require_POST
def change_rights(request: Request, key: str) -> HttpResponseBase:
    """Give a person other roles and reach."""
    by: Actor = request.actor
    form = sent(RightsForm, request)
    held = reads.get_person(key, by=by).grants
    # What the form has no field for (a team within a region) stays as it is.
    kept = [grant for grant in held if grant.team and grant.region]
    roles = [Role(role) for role in form["roles"]]
    changed = change_roles(key, roles=roles, grants=[*_grants(form), *kept], reason=form["reason"], by=by)
    messages.success(request, "Changed: it holds from the next request on." if changed else "Nothing was different.")
    return redirect("person-detail", key=key)


@require_POST
def switch_person(request: Request, key: str, verb: str) -> HttpResponseBase:
    """Shut a person out at once, or let it in again."""
    act = disable_person if verb == "disable" else enable_person
    act(key, reason=sent(Because, request)["reason"], by=request.actor)
    messages.success(request, "Shut out from the next request on." if verb == "disable" else "May sign in again.")
    return redirect("person-detail", key=key)


@require_POST
def lend(request: Request) -> HttpResponseBase:
    """Lend rights to a colleague for a time."""
    form, by, at = sent(Loan, request), request.actor, clock.now()
    delegate(
        form["to"],
        starts_at=form["starts_at"] or at,
        ends_at=form["ends_at"],
        reason=form["reason"],
        permissions=[Permission(p) for p in form["permissions"]] or None,
        lender=form["lender"],
        by=by,
        at=at,
    )
    messages.success(request, "Lent. What is done by it says for whom.")
    return redirect("person-detail", key=form["lender"] or by.key)


@require_POST
def take_back(request: Request, delegation_id: UUID) -> HttpResponseBase:
    """End a delegation now."""
    by: Actor = request.actor
    card = reads.get_delegation(delegation_id, by=by)
    end_delegation(delegation_id, by=by, at=clock.now())
    messages.success(request, f"The rights are back with {card.lender_name}.")
    return redirect("person-detail", key=card.lender_key if by.may(Permission.MANAGE_PEOPLE) else by.key)


@require_POST
def report_away(request: Request) -> HttpResponseBase:
    """Say that someone is away."""
    form, by, at = sent(Away, request), request.actor, clock.now()
    report_absence(
        starts_at=form["starts_at"] or at,
        ends_at=form["ends_at"],
        reason=form["reason"],
        person_key=form["person"],
        by=by,
        at=at,
    )
    messages.success(request, "Noted. What needs an answer is asked of others meanwhile.")
    return redirect("person-detail", key=form["person"] or by.key)


@require_POST
def come_back(request: Request, absence_id: UUID) -> HttpResponseBase:
    """Say that someone is back early."""
    by: Actor = request.actor
    of = {absence.absence_id: absence.person_key for absence in reads.list_absences(by=by)}
    end_absence(absence_id, by=by, at=clock.now())
    messages.success(request, "Noted.")
    return redirect("person-detail", key=of.get(absence_id, by.key))


@require_GET
def show_access(request: Request) -> HttpResponseBase:
    """Which role may do what, over which accounts, and which fields does it see?"""
    rules = reads.get_access_rules(by=request.actor)
    if request.GET.get("format") == "csv":
        header = ("permission", "what_it_allows", "is_lendable", *(role.role.value for role in rules.roles))
        rows = (
            (p.permission, p.sentence, p.is_lendable, *(role.role in p.roles for role in rules.roles))
            for p in rules.permissions
        )
        return csv_response("access-rules", header, rows)
    table = [(rule, [role.role in rule.roles for role in rules.roles]) for rule in rules.permissions]
    return render(request, "org/access.html", {"rules": rules, "table": table})


def reach_of(person: PersonCard) -> str:
    """Say which accounts a person's roles reach."""
    parts = ["every account"] if SEES_EVERY_ACCOUNT & set(person.roles) else []
    return ", ".join([*parts, *(grant.sentence for grant in person.grants)])


def _delegations(key: str, by: Actor) -> list[Any]:
    return reads.list_delegations(person_key=key, by=by)


def _absences(key: str, by: Actor) -> list[Any]:
    return reads.list_absences(person_key=key, by=by)


def _grants(form: dict[str, Any]) -> list[GrantCard]:
    return [
        *(GrantCard(team=name) for name in _lines(form["teams"])),
        *(GrantCard(region=name) for name in _lines(form["regions"])),
        *(GrantCard(account_number=number) for number in _lines(form["accounts"])),
    ]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _colleagues(by: Actor) -> list[PersonCard]:
    """Return whom rights may be lent to, as far as the actor may ask."""
    try:
        people = reads.list_people_who(Permission.READ_ACCOUNTS, account_number=None, at=clock.now(), by=by)
    except Denied:
        return []
    return [person for person in people if not STANDS_ALONE & set(person.roles)]


def _lendable(person: PersonCard) -> list[Permission]:
    held = frozenset[Permission]().union(*(PERMISSIONS_OF[role] for role in person.roles))
    return [p for p in Permission if p in held and p not in NEVER_LENT]
