from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.refresh_values import refresh_values
from closeknit.rooms.customers.contracts import MARGIN
from closeknit.rooms.customers.models import ValueRow, WorthRun
from closeknit.rooms.customers.tests.worth import AT, ON, load_wholesaler
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts.settings import Level

pytestmark = pytest.mark.django_db


@pytest.fixture
def wholesaler(tmp_path, alice):
    load_wholesaler(tmp_path)


@pytest.fixture
def run_id(wholesaler, alice):
    return refresh_values(on=ON, by=alice, at=AT)


def test_every_account_has_a_value_with_its_interval_or_says_why_not(run_id, alice):
    found = reads.list_values(by=alice, at=AT)
    assert len(found) == 61
    assert all(card.low <= card.value <= card.high for card in found if card.kind == "contract")
    assert all(card.low <= card.high for card in found if card.kind)
    assert sum(card.kind == "orders" for card in found) == 59
    assert reads.count_values(by=alice, at=AT) == (61, 61)
    assert [card.value for card in found] == sorted((card.value for card in found), reverse=True)
    measured = [card.chance_to_stay for card in found if card.chance_to_stay is not None]
    assert len(measured) >= 2
    assert all(0.0 <= chance <= 1.0 for chance in measured)


def test_a_value_is_the_product_of_its_factors(run_id, alice):
    for card in reads.list_values(by=alice, at=AT):
        product = 1.0
        for factor in card.factors:
            product *= factor.factor
        assert float(card.value) == pytest.approx(product, abs=0.0051)


def test_an_account_under_contract_is_margin_times_stay_not_repeat_purchases(run_id, alice):
    acme = reads.get_value("ACME", by=alice, at=AT)
    assert acme.kind == "contract"
    names = {factor.name: factor.factor for factor in acme.factors}
    assert names["yearly"] == pytest.approx(52 * 900.0)
    # 0.9 a year, discounted by 10 % a year from the middle of each year.
    years = sum(0.9**n * 0.9 ** (n + 0.5) for n in range(3))
    assert names["years"] == pytest.approx(years, rel=1e-9)
    assert "2 contracts" not in acme.model
    assert "0 contracts have ended for good" in acme.model


def test_a_margin_that_people_state_counts_and_one_that_nobody_states_is_said(wholesaler, alice, erin):
    set_setting(
        MARGIN.key,
        0.4,
        level=Level.ACCOUNT,
        place="ACME",
        reason="Their price list.",
        by=erin,
        starts_at=None,
        at=AT - timedelta(hours=1),
    )
    refresh_values(on=ON, by=alice, at=AT)
    acme, bolt = (reads.get_value(number, by=alice, at=AT) for number in ("ACME", "BOLT"))
    assert (acme.margin_share, acme.is_margin_stated) == (0.4, True)
    assert (bolt.margin_share, bolt.is_margin_stated) == (1.0, False)
    assert "nobody has stated a margin" in bolt.factors[-1].sentence


def test_values_are_read_at_any_past_day_and_made_once_a_day(wholesaler, alice):
    earlier = ON - timedelta(weeks=8)
    first = refresh_values(on=earlier, by=alice, at=AT)
    second = refresh_values(on=ON, by=alice, at=AT)
    assert refresh_values(on=ON, by=alice, at=AT) == second
    assert WorthRun.objects.count() == 2
    then = reads.get_value("ACME", by=alice, at=AT - timedelta(weeks=5))
    now = reads.get_value("ACME", by=alice, at=AT)
    assert (then.run_id, now.run_id) == (first, second)
    assert now.previous_value == then.value
    before = reads.get_value("ACME", by=alice, at=AT - timedelta(weeks=20))
    assert (before.value, before.why_not) == (None, "No account has been valued by then.")


def test_a_run_comes_out_the_same_bit_for_bit_and_a_changed_input_is_noticed(run_id, alice, owner):
    assert reads.replay_values(run_id, by=alice) == (True, "All 61 values come out the same, bit for bit.")
    row = ValueRow.objects.get(run_id=run_id, account_number="BOLT")
    row.inputs = {**row.inputs, "last_year": row.inputs["last_year"] + 0.01}
    row.save(update_fields=["inputs"])
    assert not reads.replay_values(run_id, by=alice)[0]


def test_it_is_a_ledger_line_with_digests_and_models(run_id, alice):
    line = decisions.list_entries(kind="values.refreshed", by=alice)[0]
    assert line.sentence.startswith(f"Valued 61 of 61 accounts as of {ON}.")
    run = reads.get_value_run(run_id, by=alice)
    assert line.evidence["result_digest"] == run.result_digest
    assert set(run.models) == {"EUR", "contracts"}
    assert run.models["EUR"]["law"] in ("mbg-nbd", "nbd")


def test_a_return_lowers_the_order_before_it(run_id, alice):
    inputs = ValueRow.objects.get(run_id=run_id, account_number="ACME").inputs
    assert inputs["frequency"] == 59.0
    assert inputs["mean_spend"] == pytest.approx(900.0 - 100.0 / 59)


def test_too_few_buyers_are_not_valued_and_it_says_why(tmp_path, alice):
    load_wholesaler(tmp_path)
    early = ON - timedelta(weeks=58)
    refresh_values(on=early, by=alice, at=AT)
    at = datetime.combine(early, AT.timetz())
    card = next(card for card in reads.list_values(by=alice, at=at) if card.kind == "")
    assert card.value is None
    assert "accounts have ordered again" in card.why_not


def test_who_may_do_and_see_what(run_id, alice, bob, dave, gina):
    with pytest.raises(Denied):
        refresh_values(on=ON, by=bob, at=AT)
    with pytest.raises(Invalid, match="not known yet"):
        refresh_values(on=AT.date() + timedelta(days=1), by=alice, at=AT)
    assert {card.account_number for card in reads.list_values(by=bob, at=AT)} == {"ACME", "A001"}
    with pytest.raises(NotFound):
        reads.get_value("BOLT", by=bob, at=AT)
    with pytest.raises(Denied):
        reads.list_values(by=gina, at=AT)
    hers = reads.get_value("ACME", by=gina, at=AT)
    assert (hers.value, hers.low, hers.factors, hers.margin_share, hers.chance_to_stay, hers.model) == (None,) * 6
    assert reads.get_value("ACME", by=bob, at=AT).value > Decimal(0)
    with pytest.raises(Denied):
        reads.get_value("ACME", by=dave, at=AT)
