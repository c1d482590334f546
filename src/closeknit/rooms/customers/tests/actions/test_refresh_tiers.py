from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from tests.small_company import deliver_all

from closeknit.kernel import ids
from closeknit.kernel.errors import Conflict, Denied, Invalid
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.adopt_tier_table import adopt_tier_table
from closeknit.rooms.customers.actions.propose_tier_change import propose_tier_change
from closeknit.rooms.customers.actions.refresh_scores import refresh_scores
from closeknit.rooms.customers.actions.refresh_tiers import refresh_tiers
from closeknit.rooms.customers.actions.refresh_values import refresh_values
from closeknit.rooms.customers.contracts import SCORE_WEIGHTS, STRATEGIC, TIERS_FOLLOW, ScoreTermName, Tier, TierOutcome
from closeknit.rooms.customers.models import Account, AccountMerge, ScoreRow, ValueRow
from closeknit.rooms.customers.reads.stale import count_stale_feeds
from closeknit.rooms.customers.reads.tier_tables import shipped_tier_table
from closeknit.rooms.customers.tests.worth import AT, ON, load_wholesaler
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts.settings import Level
from closeknit.rooms.sensing.contracts import FRESHNESS_SETTINGS, FreshFor

pytestmark = pytest.mark.django_db
WEEK = timedelta(weeks=1)


@pytest.fixture
def wholesaler(tmp_path, alice):
    load_wholesaler(tmp_path)
    deliver_all()


def follow(erin):
    set_setting(TIERS_FOLLOW.key, True, reason="We trust the table.", by=erin, at=AT - timedelta(days=1))


def week(alice, weeks_ago=0):
    """One week's values, scores and tiers."""
    run_id = refresh_values(on=ON - weeks_ago * WEEK, by=alice, at=AT)
    refresh_scores(run_id, by=alice, at=AT)
    return SimpleNamespace(run_id=run_id, proposed=refresh_tiers(run_id, by=alice, at=AT))


def test_each_score_adds_up_and_says_what_is_missing_and_what_moved_it(wholesaler, alice):
    week(alice, weeks_ago=10)
    week(alice)
    cards = reads.list_scores(by=alice, at=AT)
    assert len(cards) == 61
    for card in cards:
        assert card.score == sum(term.points for term in card.terms)
        if card.previous_score is not None:
            assert sum(move.points for move in card.moves) == card.score - card.previous_score
        assert any("nobody has said how strategic" in sentence for sentence in card.missing)
    acme = reads.get_score("ACME", by=alice, at=AT)
    assert acme.rule_version == "score/1 35-20-20-15-10"
    assert acme.data_until_on == ON - timedelta(days=6)
    assert reads.get_score("ACME", by=alice, at=AT - 5 * WEEK).as_of_on == ON - 10 * WEEK


def test_weights_that_people_set_for_a_place_count_there(wholesaler, alice, erin):
    before = AT - timedelta(hours=1)
    set_setting(STRATEGIC.key, 1.0, level=Level.ACCOUNT, place="BOLT", reason="Opens a market.", by=erin, at=before)
    heavy = SCORE_WEIGHTS[ScoreTermName.STRATEGIC].key
    set_setting(heavy, 80, level=Level.ACCOUNT, place="BOLT", reason="All that counts.", by=erin, at=before)
    week(alice)
    bolt, acme = (reads.get_score(number, by=alice, at=AT) for number in ("BOLT", "ACME"))
    term = next(term for term in bolt.terms if term.term is ScoreTermName.STRATEGIC)
    assert (term.weight, term.points) == (50, Decimal(50))
    assert (bolt.rule_version, acme.rule_version) == ("score/1 35-20-80-15-10", "score/1 35-20-20-15-10")


def test_while_nobody_lets_the_table_move_accounts_it_only_says_what_it_would_do(wholesaler, alice):
    assert week(alice).proposed == 0
    found = reads.list_tier_weeks(by=alice, at=AT)
    assert found
    assert {card.outcome for card in found} == {TierOutcome.WOULD_MOVE}
    assert all(card.because.endswith(tuple(f"row {n}." for n in range(1, 11))) for card in found)
    assert Account.objects.exclude(tier="volume").count() == 1


def test_promotions_settle_at_once_and_a_demotion_out_of_a_top_tier_waits_for_people(wholesaler, alice, carol, erin):
    follow(erin)
    Account.objects.filter(account_number="A002").update(tier="key")
    run = refresh_values(on=ON, by=alice, at=AT)
    refresh_scores(run, by=alice, at=AT)
    ScoreRow.objects.filter(run=run, account_number="A002").update(thousandths=10_000)
    ScoreRow.objects.filter(run=run, account_number="A003").update(thousandths=90_000)
    refresh_tiers(run, by=alice, at=AT)
    deliver_all()
    cards = {card.account_number: card for card in reads.list_tier_weeks(by=alice, at=AT)}
    assert (cards["A003"].says, cards["A003"].proposal_state) == ("key", "approved")
    assert reads.get_account("A003", by=alice).tier == "key"
    assert "A score from 89 enters key." in reads.get_account("A003", by=alice).tier_reason
    assert (cards["A002"].says, cards["A002"].proposal_state) == ("volume", "waiting")
    assert reads.get_account("A002", by=alice).tier == "key"
    approve_proposal(cards["A002"].proposal_id, reason="They ordered nothing.", by=carol, at=AT)
    deliver_all()
    assert reads.get_account("A002", by=alice).tier == "volume"
    kinds = [line.kind for line in decisions.list_entries(kind="account.tier-changed", by=alice)]
    assert len(kinds) >= 2


@pytest.mark.parametrize(("hours", "state"), [(744.0, "approved"), (24.0, "waiting")])
def test_stale_data_moves_nobody_by_itself(wholesaler, alice, carol, erin, hours, state):
    follow(erin)
    fresh = FRESHNESS_SETTINGS[FreshFor.TIER].key
    set_setting(fresh, hours, reason="As fresh as that.", by=erin, at=AT - timedelta(days=1))
    run = refresh_values(on=ON, by=alice, at=AT)
    refresh_scores(run, by=alice, at=AT)
    ScoreRow.objects.filter(run=run, account_number="A003").update(thousandths=90_000)
    refresh_tiers(run, by=alice, at=AT)
    deliver_all()
    card = next(card for card in reads.list_tier_weeks(by=alice, at=AT) if card.account_number == "A003")
    assert (card.says, card.proposal_state) == ("key", state)
    assert reads.get_account("A003", by=alice).tier == ("key" if state == "approved" else "volume")
    verdicts = {v.rule: v for v in decisions.get_proposal(card.proposal_id, by=alice).verdicts}
    assert verdicts["feeds-fresh"].holds is (state == "approved")
    assert verdicts["no-demotion-of-a-top-tier"].holds
    # A person's own proposal is judged by the same data.
    waits = {each.account_number for each in reads.list_tier_weeks(by=alice, at=AT)}
    other = Account.objects.filter(tier="volume").exclude(account_number__in=waits).order_by("account_number")[0]
    own = propose_tier_change(other.account_number, Tier.STANDARD, reason="They grew.", by=carol, at=AT)
    assert decisions.get_proposal(own, by=carol).state.value == state
    if state == "waiting":
        assert "1 feeds behind it are older" in verdicts["feeds-fresh"].sentence
        approve_proposal(card.proposal_id, reason="I know them.", by=carol, at=AT)
        deliver_all()
        assert reads.get_account("A003", by=alice).tier == "key"


def test_feeds_count_under_every_number_of_an_account_and_only_those_it_is_known_by(wholesaler, alice):
    late = AT + timedelta(days=60)
    assert count_stale_feeds(["A003", "ACME"], by=alice, at=AT) == {"A003": 0, "ACME": 0}
    assert count_stale_feeds(["A003", "BOLT"], by=alice, at=late) == {"A003": 1, "BOLT": 1}
    Account.objects.create(account_number="NEW", name="New", tier="volume", source_feed="tests")
    assert count_stale_feeds(["NEW"], by=alice, at=late) == {"NEW": 0}
    merge = {"kept_number": "NEW", "absorbed_number": "A005", "reason": "One firm.", "merged_at": AT}
    by = {"merged_by_key": "person:0", "merged_by_name": "Somebody"}
    AccountMerge.objects.create(id=ids.new_id(), thread_id=ids.new_id(), **merge, **by)
    assert count_stale_feeds(["NEW"], by=alice, at=late) == {"NEW": 1}


def test_who_has_no_value_is_not_moved_by_the_rest_of_its_score(wholesaler, alice, erin):
    follow(erin)
    run = refresh_values(on=ON, by=alice, at=AT)
    refresh_scores(run, by=alice, at=AT)
    none = {"value": None, "low": None, "high": None, "kind": "", "why_not": "The model could not be fitted."}
    ValueRow.objects.filter(run=run, account_number="A003").update(**none)
    ScoreRow.objects.filter(run=run, account_number__in=["A003", "A004"]).update(thousandths=95_000)
    refresh_tiers(run, by=alice, at=AT)
    said = {card.account_number: card for card in reads.list_tier_weeks(by=alice, at=AT, moving_only=False)}
    assert (said["A003"].says, said["A004"].says) == ("volume", "key")
    assert "value or its score is not known" in said["A003"].because
    assert reads.replay_tier_week("A003", by=alice, at=AT)[0]


def test_the_band_keeps_an_account_that_would_not_enter_and_nobody_moves_twice_in_four_weeks(wholesaler, alice, erin):
    follow(erin)
    first = refresh_values(on=ON - WEEK, by=alice, at=AT)
    refresh_scores(first, by=alice, at=AT)
    ScoreRow.objects.filter(run=first).update(thousandths=90_000)
    Account.objects.filter(account_number="A002").update(tier="strategic")
    refresh_tiers(first, by=alice, at=AT)
    deliver_all()
    at = AT - WEEK
    said = {card.account_number: card for card in reads.list_tier_weeks(by=alice, at=at, moving_only=False)}
    assert (said["A002"].says, said["A003"].says) == ("strategic", "key")
    assert reads.get_account("A003", by=alice).tier == "key"
    second = refresh_values(on=ON, by=alice, at=AT)
    refresh_scores(second, by=alice, at=AT)
    ScoreRow.objects.filter(run=second).update(thousandths=95_000)
    refresh_tiers(second, by=alice, at=AT)
    again = {card.account_number: card for card in reads.list_tier_weeks(by=alice, at=AT, moving_only=False)}
    assert (again["A003"].outcome, again["A003"].held_days) == (TierOutcome.STAYS, 0)
    assert "less than four weeks" in again["A003"].because
    assert again["A002"].held_days == 372
    for number in ("A002", "A003"):
        same, sentence = reads.replay_tier_week(number, by=alice, at=at)
        assert same, sentence


def test_the_thread_of_a_week_replays_values_and_scores_and_notices_a_changed_one(wholesaler, alice):
    made = week(alice)
    thread = reads.get_value_run(made.run_id, by=alice).thread_id
    replay = decisions.replay_thread(thread, by=alice)
    assert [one.kind for one in replay.replayed] == ["values.refreshed", "scores.refreshed"]
    assert replay.same, [one.failure for one in replay.replayed]
    row = ScoreRow.objects.get(run_id=made.run_id, account_number="ACME")
    row.inputs = {**row.inputs, "strategic_share": 0.5}
    row.save(update_fields=["inputs"])
    assert not decisions.replay_thread(thread, by=alice).same


def test_asking_twice_changes_nothing_and_tiers_need_scores(wholesaler, alice, bob):
    run = refresh_values(on=ON, by=alice, at=AT)
    with pytest.raises(Conflict, match="no scores"):
        refresh_tiers(run, by=alice, at=AT)
    assert refresh_scores(run, by=alice, at=AT) == refresh_scores(run, by=alice, at=AT) == 61
    assert refresh_tiers(run, by=alice, at=AT) == refresh_tiers(run, by=alice, at=AT) == 0
    for call in (refresh_scores, refresh_tiers):
        with pytest.raises(Denied):
            call(run, by=bob, at=AT)


def test_scores_and_verdicts_are_hidden_from_who_may_not_read_what_is_internal(wholesaler, alice, bob, gina):
    week(alice)
    assert {card.account_number for card in reads.list_scores(by=bob, at=AT)} == {"ACME", "A001"}
    with pytest.raises(Denied):
        reads.list_scores(by=gina, at=AT)
    card = reads.get_score("ACME", by=gina, at=AT)
    assert (card.score, card.terms, card.moves, card.missing, card.previous_score, card.rule_version) == (None,) * 6
    for row in reads.list_tier_weeks(by=gina, at=AT, moving_only=False):
        assert (row.account_number, row.score, row.because, row.verdicts) == ("ACME", None, None, None)


def test_a_table_that_people_adopt_is_in_force_from_its_day(wholesaler, alice, erin):
    shipped = shipped_tier_table().text.replace("tiers/1.1", "tiers/2")
    text = shipped.replace("2000-01-01", (AT.date() + WEEK).isoformat())
    assert adopt_tier_table(text, reason="A trial.", by=erin, at=AT) == "tiers/2"
    assert reads.get_tier_table(by=alice, on=AT.date()).version == "tiers/1.1"
    card = reads.get_tier_table(by=alice, on=AT.date() + WEEK)
    assert (card.version, card.adopted_by, card.reason) == ("tiers/2", erin.name, "A trial.")
    assert decisions.list_entries(kind="tier-table.adopted", by=alice)
    with pytest.raises(Conflict, match="already"):
        adopt_tier_table(text, reason="Again.", by=erin, at=AT)
    third = text.replace("tiers/2", "tiers/3")
    for wrong, said in (
        (
            third.replace("answers: [strategic,", "answers: [gold, strategic,"),
            "gold is no tier",
        ),
        (
            third.replace("from 92, under_contract: true}, then", "from 93, under_contract: true}, then"),
            "enters strategic gives key",
        ),
        (third.replace((AT.date() + WEEK).isoformat(), "2025-01-01"), "begin in the past"),
    ):
        with pytest.raises(Invalid, match=said):
            adopt_tier_table(wrong, reason="Wrong.", by=erin, at=AT)
    with pytest.raises(Denied):
        adopt_tier_table(third, reason="Not mine.", by=alice, at=AT)
