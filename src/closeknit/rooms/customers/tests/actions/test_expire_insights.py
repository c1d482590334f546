"""Insights expire on their day, once, by the worker."""

from datetime import timedelta

from closeknit.rooms.customers import jobs
from closeknit.rooms.customers.models import Insight
from closeknit.rooms.customers.tests.knowing import TODAY, know
from closeknit.rooms.decisions.models import LedgerEntry


def test_the_worker_says_so_once_of_those_whose_day_has_come(acme, bob):
    due, standing = know(bob), know(bob, size=0.5)
    Insight.objects.filter(pk=due).update(
        from_on=TODAY - timedelta(days=9), to_on=TODAY + timedelta(days=9), expires_on=TODAY
    )
    jobs.let_insights_expire()
    jobs.let_insights_expire()
    assert dict(Insight.objects.values_list("pk", "state")) == {due: "expired", standing: "standing"}
    assert LedgerEntry.objects.filter(kind="insight.expired").count() == 1
