"""Who should learn what: known by hand, against brute force, and with hours counted twice."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from closeknit.rooms.capacity.compute import training
from closeknit.rooms.capacity.compute.need import Claimant, PoolNeed
from closeknit.rooms.capacity.compute.plan import make_plan, plan_of_needs
from closeknit.rooms.capacity.compute.training import StatedHours, Trainee, TrainingInputs, find_training
from closeknit.rooms.capacity.compute.training.shared import Flow, SharedPlan
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term
from closeknit.rooms.demand.contracts import Grain

KEY, REST = Claimant("key", "ACME"), Claimant("standard", "")
DAYS = np.datetime64(MONDAY, "m") + np.arange(7) * np.timedelta64(1, "D")
OPEN = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0])


def need_of(name, service, claims, capacity, costs, *, overtime_share=0.0, overtime_cost=30.0):
    """A pool of one week by days: `claims` and `costs` per claimant and open day; a unit works eight hours a day."""
    hours = np.outer(np.array(claims, dtype=float), OPEN)
    return PoolNeed(
        pool=replace(
            pool(name, services=(service,), shrinkage=("0",), overtime_share=overtime_share),
            overtime_cost_per_hour=str(overtime_cost),
        ),
        starts=DAYS,
        local_starts=DAYS,
        hours_per_period=8.0,
        need=hours.sum(axis=0),
        capacity=capacity * OPEN,
        unit_hours=8.0 * OPEN,
        claimants=(KEY, REST),
        claims=hours,
        shortfall_cost_per_hour=np.outer(np.array(costs, dtype=float), np.ones(7)),
        terms=(("promise",), ("promise",)),
        binding=("promise",),
        overtime_cost_per_hour=overtime_cost,
    )


def company(*needs):
    given = inputs([each.pool for each in needs], [], weeks=1)
    return given, plan_of_needs(list(needs), given)


def asked(people, *, hours=10.0, by_name=(), budget=100.0, held=True):
    pools = {each.pool for each in people} | {"phone", "mail", "desk"}
    return TrainingInputs(
        tuple(people), tuple(StatedHours(p, hours, tuple(by_name)) for p in sorted(pools)), budget, held
    )


def anna(person="P1", home="phone", skills=(), minutes=2400):
    return Trainee(person, home, tuple(skills), minutes)


def two_pools(phone_need=12.0, phone_cost=3.0):
    """Two people answer phones for 16 hours a day; mail has 8 of the 10 hours that it needs a day."""
    return company(
        need_of("phone", "phone", (0.0, phone_need), 16.0, (9.0, phone_cost)),
        need_of("mail", "mail", (4.0, 6.0), 8.0, (9.0, 5.0)),
    )


def test_idle_hours_are_worth_what_mail_is_short_of():
    given, plan = two_pools()
    found = find_training(given, plan, asked([anna(), anna("P2")]))
    (option,) = found.options
    # Mail lacks 2 h on each of five days at 5 each; phones have 4 h a day to spare.
    assert (option.pool, option.to_pool, option.missing, option.people) == ("phone", "mail", ("mail",), ("P1", "P2"))
    assert option.worth == pytest.approx(50.0)
    assert (option.short_hours_less, option.hours_moved) == (pytest.approx(10.0), pytest.approx(10.0))
    assert option.worth_per_training_hour == pytest.approx(5.0)
    assert option.at_most >= option.worth - 1e-6
    # The second person would find nothing left to do: the programme ends after the first.
    (step,) = found.programme
    assert step.person == "P1"
    assert step.kept == ((REST, pytest.approx(10.0)),)


def test_an_hour_goes_to_either_pool_never_to_both():
    """Phones have one hour to spare a day; the next one that leaves costs 3 there and saves 5. Red twin: 50."""
    given, plan = two_pools(phone_need=15.0)
    (option,) = find_training(given, plan, asked([anna()])).options
    assert option.worth == pytest.approx(5 * (1 * 5.0 + 1 * (5.0 - 3.0)))
    twice = plan_of_needs(
        [
            each.need
            if each.need.pool.pool == "phone"
            else replace(each.need, capacity=each.need.capacity + 8.0 * OPEN)
            for each in plan.pools
        ],
        given,
    )
    gain = sum(float(p.week_cost.sum()) for p in plan.pools) - sum(float(p.week_cost.sum()) for p in twice.pools)
    assert gain == pytest.approx(50.0)
    assert gain > option.worth


def test_a_dearer_hour_at_home_is_not_given_away():
    given, plan = two_pools(phone_need=16.0, phone_cost=6.0)
    found = find_training(given, plan, asked([anna()]))
    assert found.options == ()
    assert found.programme == ()


def test_half_a_contract_is_half_the_hours():
    given, plan = two_pools()
    options = find_training(given, plan, asked([anna(minutes=300), anna("P2", minutes=2400)])).options
    worth = {each.people: each.worth for each in options}
    assert worth["P1",] == pytest.approx(5.0 * 5.0), "an hour a day"
    assert worth["P2",] == pytest.approx(50.0)


def test_people_beyond_the_plans_hours_count_for_less():
    """Four contracts of 40 hours stand behind 80 planned hours: each is there for 4 hours a day, not for 8."""
    _, plan = two_pools()
    shared = SharedPlan(plan, [anna(f"P{k}") for k in range(4)])
    assert shared.hours_of("phone", 2400).tolist() == pytest.approx((4.0 * OPEN).tolist())


def test_whoever_has_the_skill_needs_no_training_and_helps_first():
    given, plan = two_pools()
    people = [anna(skills=("mail",)), anna("P2")]
    found = find_training(given, plan, asked(people))
    assert (found.held_people, found.held_worth) == (1, pytest.approx(50.0))
    assert found.options == (), "mail is short no more"
    without = find_training(given, plan, asked(people, held=False))
    assert (without.held_people, without.held_worth) == (0, 0.0)
    assert [each.people for each in without.options] == [("P2",)]


def test_the_same_work_elsewhere_is_a_loan_unless_its_pool_takes_hours_of_its_own():
    given, plan = company(
        need_of("phone", "phone", (0.0, 8.0), 16.0, (9.0, 3.0)), need_of("desk", "phone", (4.0, 8.0), 8.0, (9.0, 5.0))
    )
    assert find_training(given, plan, asked([anna()])).options == ()
    (option,) = find_training(given, plan, asked([anna()], by_name=(("desk", 40.0),))).options
    assert (option.to_pool, option.missing, option.training_hours) == ("desk", ("desk",), 40.0)
    told = find_training(given, plan, asked([anna(skills=("desk",))], by_name=(("desk", 40.0),)))
    assert told.options == ()


def test_hours_of_a_skill_win_over_those_of_the_place_and_without_any_nothing_is_ranked():
    given, plan = two_pools()
    (option,) = find_training(given, plan, asked([anna()], by_name=(("mail", 25.0),))).options
    assert (option.training_hours, option.worth_per_training_hour) == (25.0, pytest.approx(2.0))
    found = find_training(given, plan, asked([anna()], hours=0.0))
    assert (found.options, found.programme, found.unstated) == ((), (), ("mail",))
    (unranked,) = found.unranked
    assert (unranked.training_hours, unranked.worth) == (None, pytest.approx(50.0))


def test_a_programme_stays_within_its_budget():
    given, plan = company(
        need_of("phone", "phone", (0.0, 8.0), 24.0, (9.0, 3.0)),
        need_of("mail", "mail", (4.0, 12.0), 8.0, (9.0, 5.0)),
        need_of("desk", "chat", (0.0, 10.0), 8.0, (9.0, 4.0)),
    )
    people = [anna(f"P{k}") for k in range(1, 4)]
    whole = find_training(given, plan, asked(people, budget=30.0)).programme
    assert [(s.person, s.option.to_pool) for s in whole] == [("P1", "mail"), ("P2", "desk")]
    assert [s.option.worth for s in whole] == [pytest.approx(200.0), pytest.approx(40.0)]
    assert len(find_training(given, plan, asked(people, budget=15.0)).programme) == 1
    assert find_training(given, plan, asked(people, budget=5.0)).programme == ()


def by_brute_force(plan, who):
    """The least cost by another solver: each person's hours of a day are split over pools, one column per person."""
    pools, cost = [each.need for each in plan.pools], 0.0
    names = [each.pool.pool for each in pools]
    shared = SharedPlan(plan, [anna(person, home, (), minutes) for person, home, _, minutes in who])
    for day in range(7):
        ways = [(p, t) for p, (_, home, targets, _) in enumerate(who) for t in targets if t != home]
        size = 2 * len(pools) + len(ways)
        c, most = np.zeros(size), np.zeros(size)
        rows, right = [], []
        for k, each in enumerate(pools):
            for i in range(2):
                c[2 * k + i], most[2 * k + i] = each.shortfall_cost_per_hour[i, day], each.claims[i, day]
            row = np.zeros(size)
            row[2 * k : 2 * k + 2] = -1.0
            leaves = np.zeros(size)
            for w, (p, target) in enumerate(ways):
                row[2 * len(pools) + w] -= target == names[k]
                row[2 * len(pools) + w] += who[p][1] == names[k]
                leaves[2 * len(pools) + w] = who[p][1] == names[k]
            rows += [row, leaves]
            right += [each.capacity[day] - each.need[day], each.capacity[day]]
        for p, (_, home, _, minutes) in enumerate(who):
            row = np.zeros(size)
            row[[2 * len(pools) + w for w, way in enumerate(ways) if way[0] == p]] = 1.0
            rows.append(row)
            right.append(shared.hours_of(home, minutes)[day])
        for w, (_, target) in enumerate(ways):
            most[2 * len(pools) + w] = pools[names.index(target)].unit_hours[day]
        found = optimize.linprog(
            c, np.array(rows), np.array(right), bounds=list(zip(np.zeros(size), most, strict=True))
        )
        assert found.status == 0
        cost += float(found.fun)
    return cost


def some_company(seed):
    rng = np.random.default_rng(seed)
    needs = [
        need_of(name, name, rng.uniform(1.0, 12.0, 2), rng.uniform(8.0, 24.0), rng.uniform(1.0, 20.0, 2))
        for name in ("desk", "mail", "phone")
    ]
    people = [
        (f"P{k}", str(rng.choice(["desk", "mail", "phone"])), (), int(rng.choice([1200, 1800, 2400]))) for k in range(4)
    ]
    return company(*needs), people


@pytest.mark.parametrize("seed", range(12))
def test_every_option_and_the_first_step_against_brute_force(seed):
    (given, plan), people = some_company(seed)
    trainees = [anna(person, home, (), minutes) for person, home, _, minutes in people]
    found = find_training(given, plan, asked(trainees))
    now = by_brute_force(plan, people)
    assert now == pytest.approx(sum(float(p.week_cost.sum()) for p in plan.pools), abs=1e-6)
    gains = {}
    for k, (person, home, _, minutes) in enumerate(people):
        for target in {"desk", "mail", "phone"} - {home}:
            learnt = [*people[:k], (person, home, (target,), minutes), *people[k + 1 :]]
            gains[person, target] = now - by_brute_force(plan, learnt)
    told = {(person, each.to_pool): each.worth for each in found.options for person in each.people}
    for key, gain in gains.items():
        assert told.get(key, 0.0) == pytest.approx(gain, abs=2e-2)
    best = max(gains.values())
    if best > 0.1:
        assert found.programme[0].option.worth == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_a_whole_programme_is_worth_what_brute_force_says(seed):
    (given, plan), people = some_company(seed)
    trainees = [anna(person, home, (), minutes) for person, home, _, minutes in people]
    found = find_training(given, plan, asked(trainees))
    learnt = {person: (home, set(), minutes) for person, home, _, minutes in people}
    for step in found.programme:
        learnt[step.person][1].add(step.option.to_pool)
    whole = by_brute_force(plan, [(p, h, tuple(sorted(t)), m) for p, (h, t, m) in learnt.items()])
    total = by_brute_force(plan, people) - whole
    assert sum(step.option.worth for step in found.programme) == pytest.approx(total, abs=1e-3)


def half_hours():
    """A phone desk open from nine to five with calls at noon only, and mail that may wait a day."""
    at = np.arange(14 * 48)
    hour, is_open = at % 48 // 2, (at % 48 // 2 >= 9) & (at % 48 // 2 < 17) & (at // 48 % 7 < 5)
    work = {
        ("phone", "*", "key", "ACME"): np.where(is_open & (hour >= 12) & (hour < 14), 12.0, 0.0),
        ("mail", "*", "standard", ""): np.where(is_open, 14.0, 0.0),
    }
    pools = [
        pool("phone", staffing="interval", services=("phone",), heads=4.0),
        pool("mail", services=("mail",), heads=1.0),
    ]
    promises = [term("K", tier="key", minutes=1.0, share=0.8), term("S", tier="standard", minutes=1440.0)]
    given = inputs(pools, promises)
    return given, make_plan(given, forecast(work, grain=Grain.HALF_HOUR))


def test_half_hours_help_work_by_the_day():
    given, plan = half_hours()
    options = find_training(given, plan, asked([anna(), anna("M1", home="mail")])).options
    assert {(each.pool, each.to_pool) for each in options} == {("phone", "mail"), ("mail", "phone")}
    assert all(0.0 < each.worth <= each.at_most + 1e-6 for each in options)
    option = next(each for each in options if each.to_pool == "mail")
    # One of four agents, 40 h a week less a fifth: never more than that moves in two weeks.
    assert option.hours_moved <= 2 * 32.0 + 1e-6


def test_without_anybody_helping_the_cost_is_the_plans():
    _, plan = half_hours()
    shared = SharedPlan(plan, [anna()])
    planned = sum(float(each.week_cost.sum()) for each in plan.pools)
    assert shared.outcome([]).cost == pytest.approx(planned)
    none = shared.outcome([Flow("phone", ("mail",), (0,))])
    assert none.cost == pytest.approx(planned, rel=1e-9), "the smaller program that is solved says the same"
    assert none.short_hours == pytest.approx(sum(float(each.short.sum()) for each in plan.pools), abs=1e-6)


def test_equal_inputs_have_equal_digests_and_others_have_others():
    given, plan = two_pools()
    first = find_training(given, plan, asked([anna(), anna("P2")]))
    again = find_training(given, plan, asked([anna("P2"), anna()]))
    assert first.digest == find_training(given, plan, asked([anna(), anna("P2")])).digest
    assert (again.options, again.programme) == (first.options, first.programme)
    other = find_training(given, plan, asked([anna(), anna("P2")], budget=20.0))
    assert other.inputs_digest != first.inputs_digest


def test_skills_are_read_from_services_and_the_staff_file():
    home, target = pool("phone", services=("Phone",)), pool("both", services=("phone", "chat", "mail"))
    stated = StatedHours("both", 0.0, (("chat", 8.0), ("mail", 4.0)))
    assert training.skills_missing(anna(skills=("mail",)), home, target, stated) == ("chat",)
    assert training.hours_to_learn(("chat", "mail"), stated) == 12.0
    assert training.hours_to_learn(("chat", "fax"), stated) is None
    assert training.hours_to_learn((), stated) == 0.0
    every = pool("every", services=("*",))
    assert training.skills_missing(anna(home="every"), every, target, stated) == ()
    assert training.skills_missing(anna(), home, every, StatedHours("every", 5.0)) == ("*",)
