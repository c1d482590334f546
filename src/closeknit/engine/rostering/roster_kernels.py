"""One person's best days given all others', exactly, and the search that asks for them again and again."""

from math import inf

from closeknit.engine.compiled import Cube, FlagMatrix, IntMatrix, IntVector, Matrix, Vector, kernel


@kernel
def _best_days(
    person: int,
    price: Matrix,
    layout: IntMatrix,
    step: IntVector,
    tally: IntVector,
    ending: Vector,
    is_work: IntVector,
    kind: IntVector,
    value: Matrix,
    back: IntMatrix,
    path: IntVector,
) -> float:
    """The cheapest days that keep the person's rules, into `path` (-1: off); their price, or infinity.

    `price` [day, action] (infinity: not to be); `value` [2, states] and `back` [day, states] are room to work in.
    """
    days, actions = price.shape
    runs, tallies = layout[person, 0], layout[person, 1]
    steps, counts, ends, works = layout[person, 2], layout[person, 3], layout[person, 4], layout[person, 5]
    size = runs * tallies
    for i in range(size):
        value[0, i] = inf
    value[0, 0] = 0.0
    for day in range(days):
        now, then = day % 2, 1 - day % 2
        for i in range(size):
            value[then, i] = inf
        for run in range(runs):
            fresh = 1 if kind[day] == 1 or (kind[day] == 2 and is_work[works + run] == 0) else 0
            for count in range(tallies):
                cost = value[now, run * tallies + count]
                if cost == inf:
                    continue
                row = counts + (fresh * tallies + count) * actions
                for action in range(actions):
                    next_run = step[steps + run * actions + action]
                    if next_run < 0:
                        continue
                    next_count = tally[row + action]
                    if next_count < 0:
                        continue
                    total = cost + price[day, action]
                    place = next_run * tallies + next_count
                    if total < value[then, place]:
                        value[then, place] = total
                        back[day, place] = (run * tallies + count) * actions + action
    last, best, at = days % 2, inf, -1
    for run in range(runs):
        for count in range(tallies):
            total = value[last, run * tallies + count] + ending[ends + count]
            if total < best:
                best, at = total, run * tallies + count
    if at < 0:
        return inf
    for day in range(days - 1, -1, -1):
        path[day] = back[day, at] % actions - 1
        at = back[day, at] // actions
    return best


@kernel
def _prices(
    person: int,
    cost: Cube,
    start: IntVector,
    rows: IntVector,
    counts: FlagMatrix,
    count: IntVector,
    row_cost: Matrix,
    price: Matrix,
) -> None:
    """What each day's actions add to the whole cost, into `price`, with the others' `count` on each row."""
    days, actions = price.shape
    for day in range(days):
        for action in range(actions):
            total = cost[person, day, action]
            if action > 0 and total < inf:
                cell = day * (actions - 1) + action - 1
                for i in range(start[cell], start[cell + 1]):
                    row = rows[i]
                    if counts[person, row]:
                        total += row_cost[row, count[row] + 1] - row_cost[row, count[row]]
            price[day, action] = total


@kernel
def _add_days(
    person: int,
    days_of: IntVector,
    sign: int,
    start: IntVector,
    rows: IntVector,
    counts: FlagMatrix,
    count: IntVector,
    shifts: int,
) -> None:
    """Count a person's days in, or out."""
    for day in range(days_of.size):
        if days_of[day] >= 0:
            cell = day * shifts + days_of[day]
            for i in range(start[cell], start[cell + 1]):
                if counts[person, rows[i]]:
                    count[rows[i]] += sign


@kernel
def _price_of(days_of: IntVector, price: Matrix) -> float:
    """The price of these days."""
    total = 0.0
    for day in range(days_of.size):
        total += price[day, days_of[day] + 1]
    return total


@kernel
def best_days(
    price: Cube,
    people: IntVector,
    layout: IntMatrix,
    step: IntVector,
    tally: IntVector,
    ending: Vector,
    is_work: IntVector,
    kind: IntVector,
    value: Matrix,
    back: IntMatrix,
    path: IntMatrix,
    least: Vector,
) -> None:
    """The best days of some people, each by a price of its own: into `path` [place, day] and `least` [place]."""
    for i in range(people.size):
        least[i] = _best_days(people[i], price[i], layout, step, tally, ending, is_work, kind, value, back, path[i])


@kernel
def search(
    cost: Cube,
    start: IntVector,
    rows: IntVector,
    counts: FlagMatrix,
    row_cost: Matrix,
    layout: IntMatrix,
    step: IntVector,
    tally: IntVector,
    ending: Vector,
    is_work: IntVector,
    kind: IntVector,
    roster: IntMatrix,
    ends: Vector,
    count: IntVector,
    best: IntMatrix,
    groups: IntMatrix,
    sizes: IntVector,
    offsets: IntVector,
    noise: Vector,
    spread: Vector,
    allowed: Vector,
    value: Matrix,
    back: IntMatrix,
    price: Matrix,
    blurred: Matrix,
    kept: IntMatrix,
    kept_ends: Vector,
    losses: Vector,
) -> int:
    """Take a few people out, put each back at its best by blurred prices and then by true ones; how often it was kept.

    `losses` [0] is the present cost above the start's, [1] the least so far, whose roster is `best`. A worse roster is
    kept while it's no more than `allowed` of its turn above the least so far. `ends` holds each person's cost at
    the end.
    """
    days, actions = price.shape
    shifts, taken = actions - 1, 0
    for turn in range(sizes.size):
        change = 0.0
        for i in range(sizes[turn]):
            person = groups[turn, i]
            for day in range(days):
                kept[i, day] = roster[person, day]
            kept_ends[i] = ends[person]
            _add_days(person, roster[person], -1, start, rows, counts, count, shifts)
            _prices(person, cost, start, rows, counts, count, row_cost, price)
            change -= _price_of(roster[person], price) + ends[person]
        for again in range(2):
            if again == 1 and sizes[turn] == 1 and spread[turn] == 0.0:
                continue
            for i in range(sizes[turn]):
                person = groups[turn, i]
                if again == 1:
                    _add_days(person, roster[person], -1, start, rows, counts, count, shifts)
                _prices(person, cost, start, rows, counts, count, row_cost, price)
                if again == 1:
                    change -= _price_of(roster[person], price) + ends[person]
                    total = _best_days(
                        person, price, layout, step, tally, ending, is_work, kind, value, back, roster[person]
                    )
                    ends[person] = total - _price_of(roster[person], price)
                else:
                    for day in range(days):
                        for action in range(actions):
                            at = (offsets[turn] + (i * days + day) * actions + action) % noise.size
                            blurred[day, action] = price[day, action] + spread[turn] * noise[at]
                    total = _best_days(
                        person, blurred, layout, step, tally, ending, is_work, kind, value, back, roster[person]
                    )
                    ends[person] = total - _price_of(roster[person], blurred)
                change += _price_of(roster[person], price) + ends[person]
                _add_days(person, roster[person], 1, start, rows, counts, count, shifts)
        if losses[0] + change <= losses[1] + allowed[turn] + 1e-9:
            taken += 1
            losses[0] += change
            if losses[0] < losses[1] - 1e-7:
                losses[1] = losses[0]
                for person in range(roster.shape[0]):
                    for day in range(days):
                        best[person, day] = roster[person, day]
            continue
        for i in range(sizes[turn] - 1, -1, -1):
            person = groups[turn, i]
            _add_days(person, roster[person], -1, start, rows, counts, count, shifts)
            for day in range(days):
                roster[person, day] = kept[i, day]
            ends[person] = kept_ends[i]
            _add_days(person, roster[person], 1, start, rows, counts, count, shifts)
    return taken
