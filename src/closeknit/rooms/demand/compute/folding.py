"""Series of accounts that were merged, added up. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.sensing.contracts import SeriesKey


def fold_accounts(
    keys: Sequence[SeriesKey], quantities: NDArray[Any], number_of: Mapping[str, str]
) -> tuple[list[SeriesKey], NDArray[Any]]:
    """Return keys with each account's golden number, and the sums of those that are one by now.

    Without a merged account among them, both are as they were.
    """
    if not any(key.account_number in number_of for key in keys):
        return list(keys), quantities
    golden = [replace(key, account_number=number_of.get(key.account_number, key.account_number)) for key in keys]
    place = {key: at for at, key in enumerate(dict.fromkeys(golden))}
    sums = np.zeros((len(place), *quantities.shape[1:]), dtype=quantities.dtype)
    np.add.at(sums, [place[key] for key in golden], quantities)
    return list(place), sums
