"""Answers to surveys, without their comments."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """One answer of a kind of survey: whose account, when, and the score on the survey's own scale."""

    account_number: str
    kind: str
    answered_at: datetime
    score: float
