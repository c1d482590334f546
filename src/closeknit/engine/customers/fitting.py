"""Maximum likelihood in log-parameters: several starts, a second method to finish, and no silently bad fit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from closeknit.engine.checks import FloatArray, frozen
from closeknit.engine.errors import EngineSolverError

Objective = Callable[[FloatArray], tuple[float, FloatArray]]
"""Minus the log-likelihood per observation at log-parameters, and its slopes."""

EDGE = 9.0
"""Log-parameters beyond are no answer: the likelihood goes on rising towards a simpler law."""
FLAT = 1e-5
"""Largest slope per observation at an answer."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a likelihood is largest at. `covariance` is of the log-parameters (Fisher information, observed)."""

    values: FloatArray
    covariance: FloatArray
    log_likelihood: float
    observations: int
    starts_agreeing: int
    starts: int

    @property
    def standard_errors(self) -> FloatArray:
        """Standard errors of the parameters themselves, by the delta method."""
        return np.asarray(self.values * np.sqrt(np.diag(self.covariance)))

    def interval(self, level: float = 0.95) -> FloatArray:
        """An interval per parameter, shape (2, parameters), symmetric in the logarithm."""
        from scipy.special import ndtri

        half = float(ndtri(0.5 + level / 2.0)) * np.sqrt(np.diag(self.covariance))
        return np.stack([self.values * np.exp(-half), self.values * np.exp(half)])

    def drawn(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Parameters drawn from what the data leave open, shape (count, parameters)."""
        drawn = rng.multivariate_normal(np.log(self.values), self.covariance, size=count)
        return np.asarray(np.exp(drawn))


def estimate(
    objective: Objective, starts: Sequence[Sequence[float]], *, observations: int, names: Sequence[str], model: str
) -> Estimate:
    """Find the parameters (all positive) at which a likelihood is largest.

    Raises:
        EngineSolverError: where no start converges, a parameter runs off, or the likelihood is flat at the answer.
    """
    found = [_from(objective, np.log(np.asarray(start, dtype=float))) for start in starts]
    found = [each for each in found if np.isfinite(each[0])]
    if not found:
        raise EngineSolverError(f"{model}: the likelihood is not finite at any start; check the histories")
    best_value, best = min(found, key=lambda each: each[0])
    _refuse_edges(best, names, model)
    best_value, best = _finished(objective, best_value, best)
    agreeing = sum(value - best_value < 1e-6 * max(1.0, abs(best_value)) for value, _ in found)
    _refuse_edges(best, names, model)
    slopes = objective(best)[1]
    if np.abs(slopes).max() > FLAT:
        raise EngineSolverError(f"{model}: did not converge (slope {np.abs(slopes).max():.2g} a customer)")
    covariance = _covariance(objective, best, observations, names, model)
    values = frozen(np.exp(best))
    return Estimate(values, frozen(covariance), -best_value * observations, observations, agreeing, len(starts))


def _from(objective: Objective, start: FloatArray) -> tuple[float, FloatArray]:
    bounds = [(-EDGE - 2.0, EDGE + 2.0)] * start.size
    got = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-9},
    )
    return float(got.fun), np.asarray(got.x, dtype=float)


def _finished(objective: Objective, value: float, at: FloatArray) -> tuple[float, FloatArray]:
    """Nelder-Mead where the first method stopped on a slope, and the first once more from there."""
    if np.abs(objective(at)[1]).max() <= FLAT / 10.0:
        return value, at
    options = {"maxiter": 2000, "xatol": 1e-8, "fatol": 1e-13}
    got = minimize(
        lambda x: objective(np.clip(x, -EDGE - 2.0, EDGE + 2.0))[0], at, method="Nelder-Mead", options=options
    )
    if got.fun < value:
        value, at = float(got.fun), np.asarray(got.x, dtype=float)
    again, there = _from(objective, at)
    return (again, there) if again <= value else (value, at)


def _refuse_edges(at: FloatArray, names: Sequence[str], model: str) -> None:
    for name, log_value in zip(names, at, strict=True):
        if abs(log_value) > EDGE:
            way = "without limit" if log_value > 0 else "to nothing"
            raise EngineSolverError(
                f"{model}: {name} runs {way}, so these histories do not tell the customers apart; "
                "give more customers or a longer time, or use a simpler law"
            )


def _covariance(
    objective: Objective, at: FloatArray, observations: int, names: Sequence[str], model: str
) -> FloatArray:
    step = 1e-4
    rows = []
    for k in range(at.size):
        moved = np.zeros(at.size)
        moved[k] = step
        rows.append((objective(at + moved)[1] - objective(at - moved)[1]) / (2.0 * step))
    information = observations * (np.array(rows) + np.array(rows).T) / 2.0
    lowest = np.linalg.eigvalsh(information)[0]
    if not lowest > 1e-6:
        said = ", ".join(f"{name} {value:.4g}" for name, value in zip(names, np.exp(at), strict=True))
        raise EngineSolverError(f"{model}: the likelihood is flat at its top ({said}); give more customers")
    return np.asarray(np.linalg.inv(information))
