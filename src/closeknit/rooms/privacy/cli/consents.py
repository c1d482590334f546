"""Commands of purposes and consents."""

import argparse
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from closeknit.kernel.output import print_json, print_table

STATES = ("granted", "denied", "withdrawn")


def add_commands(privacy: Any) -> None:
    """Add the commands of purposes and consents to `closeknit privacy`."""
    purposes = privacy.add_group("purposes", help="what data may be used for, and on what basis")
    purposes.add_parser("list", help="every purpose in force").set_defaults(run=_list_purposes)
    shown = purposes.add_parser("show", help="every version of one purpose")
    shown.add_argument("purpose")
    shown.set_defaults(run=_show_purpose)
    adopted = purposes.add_parser("adopt", help="put a purpose in force: a JSON file as the API takes it")
    adopted.add_argument("file", type=Path)
    adopted.set_defaults(run=_adopt)
    uses = privacy.add_parser("uses", help="for every purpose: may a subject's data be used, and why?")
    uses.add_argument("subject", type=subject_text, help="an account's number, or KIND:REFERENCE")
    uses.set_defaults(run=_uses)
    listed = privacy.add_parser("consents", help="what a subject said, the newest first")
    listed.add_argument("subject", type=subject_text, nargs="?")
    listed.add_argument("--purpose", default="")
    listed.set_defaults(run=_consents)
    said = privacy.add_parser("consent", help="record what a subject said about a purpose")
    said.add_argument("subject", type=subject_text)
    said.add_argument("purpose")
    said.add_argument("state", choices=STATES)
    said.add_argument("--channel", default="", help="mail, phone, ... (default: every channel)")
    said.add_argument("--collected", default="form", help="how we learned of it: form, phone, mail, signal, ...")
    said.add_argument("--signal", default="", help="such as GPC")
    said.add_argument("--jurisdiction", default="", help="where the subject is, if we do not know")
    said.add_argument("--language", default="en")
    said.add_argument("--text", default="", help="the words that were shown")
    said.add_argument("--note", default="")
    said.set_defaults(run=_record)
    receipt = privacy.add_parser("receipt", help="print a consent receipt as JSON (Kantara v1.1)")
    receipt.add_argument("receipt", type=UUID)
    receipt.set_defaults(run=_receipt)
    refused = privacy.add_parser("refused", help="decisions that were refused for a subject's sake")
    refused.set_defaults(run=_refused)


def subject_text(text: str) -> tuple[str, str]:
    """Read ACME, account:ACME or contact:12 as kind and reference."""
    kind, colon, reference = text.partition(":")
    if colon and kind in ("account", "contact", "person"):
        return kind, text if kind == "person" else reference
    return "account", text


def _subject(args: argparse.Namespace) -> Any:
    from closeknit.rooms.privacy.contracts import Subject

    return Subject(*args.subject)


def _list_purposes(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    found = reads.list_purposes(by=args.by)
    out = reads.count_opted_out(by=args.by)
    if args.json:
        print_json("closeknit.purposes/1", {"purposes": found, "opted_out": out})
        return 0
    rows = [(p.purpose, p.version, p.title, ", ".join(p.decisions), out.get(p.purpose, 0)) for p in found]
    print_table(("purpose", "version", "title", "used by", "opted out"), rows)
    return 0


def _show_purpose(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    reads.get_purpose(args.purpose, by=args.by)
    return _print_purposes(args, reads.list_purpose_versions(args.purpose, by=args.by))


def _adopt(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.privacy.actions.adopt_purpose import adopt_purpose
    from closeknit.rooms.privacy.contracts import Basis, LegalBasis, Purpose

    try:
        body = json.loads(args.file.read_text(encoding="utf-8"))
        reason = body.pop("reason", "")
        bases = {where: LegalBasis(Basis(said["basis"]), said["law"]) for where, said in body.pop("bases").items()}
        body["decisions"] = tuple(body["decisions"])
        purpose = Purpose(version=1, bases=bases, **{"is_personalised": True, **body})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as failure:
        raise Invalid(
            f"The purpose cannot be read: {failure}", where=str(args.file), todo="See docs/privacy.md for its form."
        ) from failure
    return _print_purposes(args, [adopt_purpose(purpose, reason=reason, by=args.by, at=clock.now())])


def _print_purposes(args: argparse.Namespace, found: list[Any]) -> int:
    if args.json:
        print_json("closeknit.purpose/1", {"versions": found})
        return 0
    for purpose in found:
        print(f"{purpose.purpose}, version {purpose.version}: {purpose.title}. {purpose.what_for}")
        rows = [(where, said.basis.value, said.law) for where, said in purpose.bases.items()]
        print_table(("where", "basis", "law"), rows)
    return 0


def _uses(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy import reads

    found = reads.list_uses(_subject(args), by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.uses/1", {"uses": found})
        return 0
    print_table(("purpose", "may we?", "why"), [(u.purpose, "yes" if u.is_allowed else "no", u.why) for u in found])
    return 0


def _consents(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    subject = _subject(args) if args.subject else None
    return _print_consents(args, reads.list_consents(subject=subject, purpose=args.purpose, by=args.by))


def _record(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.privacy import reads
    from closeknit.rooms.privacy.actions.record_consent import record_consent
    from closeknit.rooms.privacy.contracts import Collection, ConsentState, WantedConsent

    try:
        collected = Collection(args.collected)
    except ValueError:
        known = ", ".join(Collection)
        raise Invalid("This is no way to learn of it.", where="--collected", todo=f"Use one of {known}.") from None
    wanted = WantedConsent(
        _subject(args),
        args.purpose,
        ConsentState(args.state),
        args.channel,
        args.jurisdiction,
        collected,
        args.signal,
        args.language,
        args.text,
        args.note,
    )
    number = record_consent(wanted, by=args.by, at=clock.now())
    found = reads.list_consents(subject=wanted.subject, purpose=args.purpose, by=args.by)
    return _print_consents(args, [card for card in found if card.consent_id == number])


def _print_consents(args: argparse.Namespace, found: list[Any]) -> int:
    if args.json:
        print_json("closeknit.consents/1", {"consents": found})
        return 0
    rows = [
        (
            f"{c.recorded_at:%Y-%m-%d %H:%M}",
            str(c.subject),
            c.purpose,
            c.channel or "every",
            c.state.value,
            c.receipt_id,
        )
        for c in found
    ]
    print_table(
        ("recorded", "subject", "purpose", "channel", "said", "receipt"), rows, empty="Nobody said anything yet."
    )
    return 0


def _receipt(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    receipt = reads.get_receipt(args.receipt, by=args.by)
    if args.json:
        print_json("closeknit.consent-receipt/1", {"receipt": receipt})
    else:
        print(json.dumps(receipt, indent=2, ensure_ascii=False))
    return 0


def _refused(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    found = reads.list_refused_uses(by=args.by)
    if args.json:
        print_json("closeknit.refused-uses/1", {"refused": found})
        return 0
    rows = [(f"{r['refused_at']:%Y-%m-%d %H:%M}", r["subject_ref"], r["decision"], r["why"]) for r in found]
    print_table(("when", "subject", "decision", "why"), rows, empty="No decision went against a customer's will.")
    return 0
