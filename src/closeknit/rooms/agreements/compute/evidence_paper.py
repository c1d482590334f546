"""An account's adherence as a paper that a person can take to a meeting."""

from collections.abc import Iterator
from decimal import Decimal

from closeknit.kernel.output import share_text
from closeknit.kernel.paper import Block, Heading, Sentence, Table, make_pdf
from closeknit.rooms.agreements.contracts.adherence import Adherence, Obligation, SettledClock

MOST_CLOCKS = 500
MINUTE = "%Y-%m-%d %H:%M"


def paper_of(adherence: Adherence, digest: str) -> bytes:
    """Return the paper as PDF. `digest` is that of everything that was computed, by which the ledger knows it."""
    return make_pdf(f"Adherence: {adherence.account_name or adherence.account_number}", _blocks(adherence, digest))


def _blocks(adherence: Adherence, digest: str) -> Iterator[Block]:
    missed = adherence.missed
    yield Sentence(
        f"Account {adherence.account_number}, from {adherence.from_on} until before {adherence.until_on}, days as"
        f" {adherence.time_zone} counts them. As of {adherence.as_of_at:{MINUTE}} UTC."
    )
    yield Sentence(
        f"{len(adherence.clocks) - len(missed)} promises about single pieces of work were kept, {len(missed)} missed,"
        f" under {len(adherence.obligations)} obligations in force."
    )
    yield Sentence(
        "A promise counts once, where it was settled: kept when the work ended in time, missed at the instant at which"
        " its time ran out. Bounds are Wilson's for 95 %: within them chance alone may have made the rate.",
        is_small=True,
    )
    yield Heading("Obligations")
    yield _obligations(adherence)
    if adherence.guarantees:
        yield Heading("Guarantees, which no clock measures")
        yield Table(
            ("Contract", "What", "Work", "Amount"),
            tuple(
                (
                    f"{each.contract_number} version {each.contract_version}",
                    each.guarantee.kind.value,
                    " ".join(filter(None, (each.guarantee.operation, each.guarantee.service))),
                    f"{each.guarantee.amount:g}",
                )
                for each in adherence.guarantees
            ),
            (0.3, 0.25, 0.3, 0.15),
            frozenset({3}),
        )
    yield from _months(adherence)
    yield from _bends(adherence)
    yield from _clocks("What was missed", missed)
    yield from _clocks("What was kept after a hold", [c for c in adherence.clocks if c.is_kept and c.holds])
    yield from _lines(adherence, digest)


def _obligations(adherence: Adherence) -> Table:
    return Table(
        ("Promise", "Term and version", "In force", "Settled", "Missed", "Rate (bounds)", "Verdict", "Due"),
        tuple(
            (
                f"{each.promise}: {' '.join(filter(None, (each.operation, each.service, each.work_class)))}",
                f"{each.term_number}, {each.contract_number}"
                + (f" v{each.contract_version}" if each.contract_version else ""),
                f"{each.starts_on} to {each.ends_on or 'open'}",
                str(each.settled),
                str(each.missed),
                _rate(each),
                each.verdict.value,
                _due(each),
            )
            for each in adherence.obligations
        ),
        (0.22, 0.17, 0.13, 0.08, 0.08, 0.13, 0.09, 0.1),
        frozenset({3, 4, 5, 7}),
    )


def _rate(each: Obligation) -> str:
    if each.kept_share is None or each.low_share is None or each.high_share is None:
        return "–"
    return f"{share_text(each.kept_share, 2)} ({share_text(each.low_share)} – {share_text(each.high_share)})"


def _due(each: Obligation) -> str:
    amounts = [amount for amount in (each.credits, each.penalties) if amount is not None]
    return f"{sum(amounts, Decimal(0)):,.2f} {each.currency}" if amounts else "–"


def _months(adherence: Adherence) -> Iterator[Block]:
    rows = tuple(
        (
            f"{month.month_on:%Y-%m}{'' if month.is_whole else ' (in part)'}",
            f"{each.promise} ({each.term_number})",
            str(month.settled),
            str(month.kept),
            "–" if month.kept_share is None else share_text(month.kept_share, 2),
            "–" if month.penalty is None else f"{month.penalty:,.2f} {each.currency}",
        )
        for each in adherence.obligations
        for month in each.months
        if month.settled
    )
    if rows:
        yield Heading("Month by month")
        heads = ("Month", "Promise", "Settled", "Kept", "Rate", "Penalty")
        yield Table(heads, rows, (0.16, 0.4, 0.1, 0.1, 0.1, 0.14), frozenset({2, 3, 4, 5}))


def _bends(adherence: Adherence) -> Iterator[Block]:
    if adherence.bends:
        yield Heading("Tolerances granted within the house")
        yield Sentence("They change nothing of what is counted above: what was promised stands.", is_small=True)
        yield Table(
            ("Term", "More time", "Days", "For", "Granted by"),
            tuple(
                (x.term_number, share_text(x.stretch_share), f"{x.starts_on} to {x.until_on}", x.request, x.granted_by)
                for x in adherence.bends
            ),
            (0.2, 0.1, 0.2, 0.3, 0.2),
        )


def _clocks(title: str, clocks: "tuple[SettledClock, ...] | list[SettledClock]") -> Iterator[Block]:
    if not clocks:
        return
    yield Heading(title)
    yield Table(
        ("Work", "Term", "Came (UTC)", "Settled (UTC)", "Ended (UTC)", "Holds"),
        tuple(
            (
                f"{each.operation} {each.work_key}",
                each.term_number,
                f"{each.started_at:{MINUTE}}",
                f"{each.settled_at:{MINUTE}}",
                f"{each.ended_at:{MINUTE}}" if each.ended_at else "open",
                "; ".join(f"{hold.reason}{'' if hold.is_pause else ' (no pause)'}" for hold in each.holds) or "none",
            )
            for each in clocks[:MOST_CLOCKS]
        ),
        (0.22, 0.14, 0.15, 0.15, 0.15, 0.19),
    )
    if len(clocks) > MOST_CLOCKS:
        yield Sentence(f"{len(clocks) - MOST_CLOCKS} more are in clocks.csv of the pack.", is_small=True)


def _lines(adherence: Adherence, digest: str) -> Iterator[Block]:
    yield Heading("What the ledger says")
    if adherence.lines:
        yield Table(
            ("Line", "When (UTC)", "What"),
            tuple((str(x.entry_id), f"{x.recorded_at:{MINUTE}}", x.sentence) for x in adherence.lines),
            (0.1, 0.17, 0.73),
            frozenset({0}),
        )
    else:
        yield Sentence("No decision of this period bore on these promises.")
    if adherence.lines_left_out:
        yield Sentence(f"{adherence.lines_left_out} more lines are in the ledger.", is_small=True)
    yield Sentence(
        "Each line is proven by its receipt in the evidence pack, with verify_ledger.py and the ledger's public key"
        f" alone. SHA-256 of everything that was computed (adherence.json): {digest}",
        is_small=True,
    )
