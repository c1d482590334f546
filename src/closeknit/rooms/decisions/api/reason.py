"""The reason that several operations ask for."""

from ninja import Schema
from pydantic import Field


class Reason(Schema):
    """Why."""

    reason: str = Field(..., max_length=500)
