"""What a counted share says of the one behind it: Wilson's interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, whole_numbers
from closeknit.engine.errors import EngineInputError


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """Counted shares (0..1) and the bounds of those behind them; NaN where nothing was counted."""

    share: FloatArray
    low_share: FloatArray
    high_share: FloatArray


def share_interval(kept: ArrayLike, settled: ArrayLike, *, level: float = 0.95) -> ShareInterval:
    """Return `kept / settled` with the bounds within which the share behind it lies.

    Args:
        kept: how many of those settled were kept, whole numbers from 0 to `settled`, any shape.
        settled: how many were counted, whole numbers of at least 0, of the same shape.
        level: of the interval, in (0, 1).

    The shares p with |kept/n - p| <= z sqrt(p (1 - p) / n): unlike the textbook one around kept/n, it stays within
    0..1 and holds with few cases. Where nothing was settled there is no share: NaN.

    Valid where the cases are independent of one another and alike.

    Source: Wilson, JASA 22 (1927); Newcombe, Statistics in Medicine 17 (1998), method 3.

    >>> found = share_interval([81, 0], [263, 20])
    >>> found.low_share.round(4).tolist(), found.high_share.round(4).tolist()
    ([0.2553, 0.0], [0.3662, 0.1611])
    """
    n = whole_numbers("settled", settled, minimum=0)
    k = whole_numbers("kept", kept, minimum=0)
    if k.shape != n.shape:
        raise EngineInputError(f"kept has shape {k.shape}, settled {n.shape}: give one of each per share")
    refuse_where(k > n, "kept", k, "give no more kept than settled")
    within = float(numbers("level", level, above=0.0, below=1.0, ndim=0))
    z = float(ndtri(0.5 + within / 2.0))
    counted = n > 0
    count = np.where(counted, n, 1).astype(np.float64)
    share, wide = k / count, z * z / count
    middle = (share + wide / 2.0) / (1.0 + wide)
    half = z / (1.0 + wide) * np.sqrt(share * (1.0 - share) / count + wide / (4.0 * count))
    # At the ends the formula gives 0 and 1 but for rounding.
    low = np.where(k == 0, 0.0, np.maximum(0.0, middle - half))
    high = np.where(k == n, 1.0, np.minimum(1.0, middle + half))
    return ShareInterval(*(frozen(np.where(counted, each, np.nan)) for each in (share, low, high)))
