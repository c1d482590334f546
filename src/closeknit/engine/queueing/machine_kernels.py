"""Machine repair: a birth and death chain over the machines that are down."""

from closeknit.engine.compiled import Matrix, Vector, kernel


@kernel
def fill_repair(
    start: int, stop: int, crews: Vector, fleets: Vector, spares: Vector, ratios: Vector, out: Matrix
) -> None:
    """Running, share of time all run, down, waiting for repair, and share of failures that wait.

    `ratios` is repair time over time between failures.
    """
    for case in range(start, stop):
        crew, fleet, extra, ratio = crews[case], fleets[case], spares[case], ratios[case]
        most = int(fleet + extra)
        if crew == 0.0 or fleet == 0.0:
            # Nobody repairs: all stop for good. Nothing to run: nothing fails.
            gone = 1.0 if crew == 0.0 and fleet > 0.0 else 0.0
            out[case, 0], out[case, 1] = 0.0, 1.0 - gone
            out[case, 2], out[case, 3], out[case, 4] = gone * most, gone * most, gone
            continue
        weight, total = 1.0, 1.0
        running, whole, down, waiting, failing, delayed = fleet, 1.0, 0.0, 0.0, fleet, 0.0
        for i in range(1, most + 1):
            weight *= min(fleet, fleet + extra - (i - 1)) * ratio / min(1.0 * i, crew)
            up = min(fleet, fleet + extra - i)
            total += weight
            running += weight * up
            whole += weight if i <= extra else 0.0
            down += weight * i
            waiting += weight * max(i - crew, 0.0)
            failing += weight * up
            delayed += weight * up if i >= crew else 0.0
            if total > 1e200:
                weight, running, whole = weight / total, running / total, whole / total
                down, waiting, failing, delayed = down / total, waiting / total, failing / total, delayed / total
                total = 1.0
        out[case, 0], out[case, 1], out[case, 2] = running / total, whole / total, down / total
        out[case, 3], out[case, 4] = waiting / total, delayed / failing if failing > 0.0 else 0.0
