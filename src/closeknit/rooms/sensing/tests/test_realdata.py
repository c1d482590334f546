"""The shipped recipes on the real data sets: balance, anchor facts of their READMEs, nothing new the second
time.
"""

import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Count, Q, Sum

from closeknit.kernel import clock
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.actions.adopt_terms import adopt_terms
from closeknit.rooms.agreements.contracts import TermSource
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.actions.adopt_accounts import adopt_accounts
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.load_recipe import load_recipe
from closeknit.rooms.sensing.contracts import Counts
from closeknit.rooms.sensing.models import QuarantinedRow, WorkRow

ROOT = Path(__file__).resolve().parents[5]
SHARED = Path(os.environ.get("CLOSEKNIT_SHARED", ROOT.parent / "shared")) / "data"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not there (CLOSEKNIT_SHARED)"),
]


def load(recipe, folder, by):
    card = load_recipe(recipe, SHARED / folder, by=by, at=clock.now())
    assert card.counts.balances
    return card


def test_online_retail(alice):
    import pyarrow.parquet as pq

    card = load("online-retail", "online_retail/online_retail.parquet", alice)
    assert card.counts == Counts(read=370_931, accepted=366_152, quarantined=1_931, duplicate=2_848)
    codes = Counter(QuarantinedRow.objects.values_list("code", flat=True))
    assert codes == {"negative-price": 2, "stock-correction": 1_023, "no-price-no-customer": 906}
    frame = pq.read_table(SHARED / "online_retail/online_retail.parquet").to_pylist()
    rows = {tuple(row.items()) for row in frame}
    worth = sum(Decimal(dict(r)["Quantity"]) * Decimal(repr(dict(r)["UnitPrice"])) for r in rows)
    assert round(sum(row["Quantity"] * row["UnitPrice"] for row in frame), 2) == 6_781_619.00
    accepted = WorkRow.objects.aggregate(amount=Sum("amount"))["amount"]
    assert accepted == worth + 2 * Decimal("11062.06"), "all but the two entries of bad debt, each line once"
    assert adopt_accounts(card.batch_id, thread_id=card.thread_id, by=alice) == 3_658
    tiers = Counter(key.tier.value for key in customers.list_account_keys(by=alice))
    assert tiers == {"strategic": 37, "key": 146, "standard": 915, "volume": 2_560}
    span = reads.get_operation("retail-picking", by=alice)
    _, days, units = reads.daily_quantities("retail-picking", until_at=span.last_at, by=alice)
    assert units[:, (days.astype(int) + 3) % 7 == 5].sum() == 0, "no Saturdays"


def test_incidents(alice):
    card = load("incidents", "incidents_servicenow", alice)
    assert card.counts == Counts(read=101_045, accepted=17_136, quarantined=0, duplicate=83_909)
    assert card.superseded == 83_909
    missed = WorkRow.objects.aggregate(n=Count("id", filter=Q(met_promise=False)))["n"]
    assert round(missed / 17_136, 4) == 0.4279
    spans = WorkRow.objects.exclude(finished_at=None).values_list("occurred_at", "finished_at")
    hours = sorted((finished - opened).total_seconds() / 3600 for opened, finished in spans)
    assert len(hours) == 17_136 - 1_230
    assert round((hours[len(hours) // 2] + hours[(len(hours) - 1) // 2]) / 2, 2) == 28.34
    assert load("incidents", "incidents_servicenow", alice).counts == Counts(101_045, 0, 0, 101_045)


def test_contact_center(alice):
    card = load("contact-center", "contact_center", alice)
    assert card.counts == Counts(read=22_815, accepted=22_815, quarantined=0, duplicate=0)
    span = reads.get_operation("contact-center", by=alice)
    _, _, units = reads.daily_quantities("contact-center", until_at=span.last_at, by=alice)
    assert units.sum() == 4_401_927 - WorkRow.objects.get(occurred_at=span.last_at).quantity
    assert (units[0] > 0).sum() == 135
    assert load("contact-center", "contact_center", alice).counts.accepted == 0


def test_city_311(alice):
    card = load("city-311", "baltimore_311", alice)
    assert card.counts == Counts(read=17_492, accepted=8_746, quarantined=0, duplicate=8_746), "text and Parquet agree"
    work = WorkRow.objects.all()
    assert work.filter(details__due_minutes__isnull=True).count() == 243
    assert work.filter(promised_minutes=None).count() == 243 + 183
    due = [w for w in work.exclude(finished_at=None) if w.details.get("due_minutes") is not None]
    on_time = [(w.finished_at - w.occurred_at).total_seconds() / 60 <= w.details["due_minutes"] for w in due]
    assert round(sum(on_time) / len(on_time), 3) == 0.839
    assert not any(word in str(list(work.values())) for word in (", MD,", "BALTIMORE, MD", "GITTINGS AVE"))
    assert adopt_terms(card.batch_id, thread_id=card.thread_id, by=alice) == 203
    recorded = [t for t in agreements.list_terms(by=alice) if t.source is TermSource.RECORDED]
    assert len(recorded) == 203
    assert load("city-311", "baltimore_311", alice).counts.accepted == 0
