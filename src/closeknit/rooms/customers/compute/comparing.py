"""How well two records agree on each field, as levels: 0 is best, -1 where one of them is silent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

AGREEMENTS: dict[str, tuple[str, ...]] = {
    "name": ("the same", "nearly the same", "the same but for the legal form", "alike", "different"),
    "street": ("the same", "nearly the same, same house number", "different"),
    "place": ("same postcode", "same city", "different"),
    "phone": ("the same", "different"),
    "web": ("same e-mail address", "same domain", "different"),
    "tax_id": ("the same", "one letter or digit apart", "different"),
}
"""The fields compared, and what each level of each says, best first."""
SILENT = "one of the two says nothing"


class Comparable:
    """Records in comparable form, as columns: each text with a code, equal texts with equal codes, "" is -1."""

    def __init__(self, rows: Sequence[Mapping[str, str]]) -> None:
        names = tuple(rows[0]) if rows else ()
        self.texts = {name: [row[name] for row in rows] for name in names}
        self.codes = {name: _codes(texts) for name, texts in self.texts.items()}
        self.houses = [_house(text) for text in self.texts.get("street", ())]

    def levels(self, first: Ints, second: Ints) -> Ints:
        """Return the level of each field of `AGREEMENTS` for pairs of rows, shape (pairs, fields)."""
        found = [
            self._name(first, second),
            self._street(first, second),
            self._place(first, second),
            self._equal("phone", first, second, otherwise=1),
            self._web(first, second),
            self._tax_id(first, second),
        ]
        return np.stack(found, axis=1).astype(np.int64)

    def _equal(self, name: str, first: Ints, second: Ints, *, otherwise: int) -> Ints:
        one, other = self.codes[name][first], self.codes[name][second]
        return np.where((one < 0) | (other < 0), -1, np.where(one == other, 0, otherwise))

    def _likeness(self, name: str, first: Ints, second: Ints, where: NDArray[np.bool_]) -> NDArray[np.float64]:
        from rapidfuzz.distance import OSA

        return self._each(OSA.normalized_similarity, name, first, second, where, np.float32)

    def _each(
        self, scorer: Callable[..., Any], name: str, first: Ints, second: Ints, where: NDArray[np.bool_], dtype: Any
    ) -> NDArray[np.float64]:
        from rapidfuzz.process import cpdist

        texts, result = self.texts[name], np.zeros(first.size)
        at = np.flatnonzero(where)
        if at.size:
            ones, others = [texts[i] for i in first[at].tolist()], [texts[i] for i in second[at].tolist()]
            result[at] = cpdist(ones, others, scorer=scorer, dtype=dtype, workers=1)
        return result

    def _name(self, first: Ints, second: Ints) -> Ints:
        level = self._equal("name", first, second, otherwise=4)
        unequal = level == 4
        whole = self._likeness("name", first, second, unequal)
        core = self._likeness("core", first, second, unequal)
        forms = self._equal("form", first, second, otherwise=1)
        level = np.where(unequal & (core >= 0.8), 3, level)
        level = np.where(unequal & (core >= 0.9) & (forms == -1), 2, level)
        return np.where(unequal & (whole >= 0.9) & (forms != 1), 1, level)

    def _street(self, first: Ints, second: Ints) -> Ints:
        level = self._equal("street", first, second, otherwise=2)
        houses = np.array(self.houses, dtype=np.int64)
        same = (level == 2) & (houses[first] == houses[second]) & (houses[first] >= 0)
        return np.where(same & (self._likeness("street", first, second, same) >= 0.8), 1, level)

    def _place(self, first: Ints, second: Ints) -> Ints:
        postcode = self._equal("postcode", first, second, otherwise=2)
        city = self._equal("city", first, second, otherwise=2)
        level = np.where((postcode == 0) | (city == -1), postcode, np.where(city == 0, 1, 2))
        return np.where((postcode == -1) & (city == -1), -1, level)

    def _web(self, first: Ints, second: Ints) -> Ints:
        email = self._equal("email", first, second, otherwise=2)
        host = self._equal("host", first, second, otherwise=2)
        return np.where(email == 0, 0, np.where(host == 0, 1, np.where((email == 2) | (host == 2), 2, -1)))

    def _tax_id(self, first: Ints, second: Ints) -> Ints:
        from rapidfuzz.distance import OSA

        level = self._equal("tax_id", first, second, otherwise=2)
        apart = self._each(OSA.distance, "tax_id", first, second, level == 2, np.int32)
        return np.where((level == 2) & (apart == 1), 1, level)


def _codes(texts: Sequence[str]) -> Ints:
    known: dict[str, int] = {"": -1}
    found = np.empty(len(texts), dtype=np.int64)
    for at, text in enumerate(texts):
        found[at] = known.setdefault(text, len(known))
    return found


def _house(street: str) -> int:
    numbers = [word for word in street.split() if word.isdigit() and len(word) < 6]
    return int(numbers[0]) if numbers else -1
