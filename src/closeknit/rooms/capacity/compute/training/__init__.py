"""Who should learn what: a plan solved again with a person's hours free to go to either pool. Pure; no database."""

from closeknit.rooms.capacity.compute.training.choosing import Choice, Option, TrainingResult, find_training
from closeknit.rooms.capacity.compute.training.inputs import (
    TRAINING_VERSION,
    StatedHours,
    Trainee,
    TrainingInputs,
    hours_to_learn,
    skills_missing,
)

__all__ = [
    "TRAINING_VERSION",
    "Choice",
    "Option",
    "StatedHours",
    "Trainee",
    "TrainingInputs",
    "TrainingResult",
    "find_training",
    "hours_to_learn",
    "skills_missing",
]
