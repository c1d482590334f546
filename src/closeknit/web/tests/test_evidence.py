"""Every evidence query answers with canonical rows, for each owner with its own rights."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.cast import enter
from tests.small_company import CANARIES, build

from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.scope import acting_as
from closeknit.rooms.decisions.actions.seal_ledger import seal_all
from closeknit.rooms.decisions.contracts import EvidenceAsk
from closeknit.rooms.org.reads import system_actor
from closeknit.web.evidence import evidence_queries

pytestmark = pytest.mark.django_db


def ask(query, by):
    now = datetime.now(tz=UTC)
    with acting_as(by):
        return query.gather(EvidenceAsk(by, now - timedelta(days=400), now + timedelta(days=1)))


@pytest.mark.django_db(transaction=True)
def test_every_query_answers_an_auditor_in_canonical_form(tmp_path):
    build(tmp_path)
    seal_all(by=system_actor())
    frank = enter("frank")
    answers = {name: ask(query, frank) for name, query in evidence_queries().items()}
    for rows in answers.values():
        canonical_bytes([dict(row) for row in rows])
    assert {row["account_number"] for row in answers["accounts"]} >= {"ACME"}
    for name in ("accounts", "account-promises", "plans", "forecast-quality", "feeds", "assumptions", "decisions-made"):
        assert answers[name], name
    assert answers["ledger-check"][0]["findings"] == 0


def test_an_account_managers_evidence_names_no_foreign_account(tmp_path):
    build(tmp_path)
    bob = enter("bob")
    for name in ("accounts", "account-promises", "plans", "decisions-made", "open-exceptions", "escalations"):
        text = canonical_bytes([dict(row) for row in ask(evidence_queries()[name], bob)]).decode()
        assert not any(word in text for word in CANARIES), name
