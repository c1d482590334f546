"""Answers to surveys, without their comments."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """One answer of a kind of survey: whose account, when, and the score on the survey's own scale.

    `work_key`: the work that the answer is about, by its source's key; "" where the survey does not name it.
    """

    account_number: str
    kind: str
    answered_at: datetime
    score: float
    work_key: str = ""
