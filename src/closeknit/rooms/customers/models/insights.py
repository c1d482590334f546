"""What people know of accounts."""

from django.db import models
from django.db.models import F, Q

from closeknit.rooms.customers.contracts.insights import (
    InsightDirection,
    InsightMeasure,
    InsightState,
    InsightTopic,
)


def _one_of(field: str, words: type) -> Q:
    return Q(**{f"{field}__in": [str(word) for word in words]})  # type: ignore[attr-defined]


class Insight(models.Model):
    """What one person knows of one account, for days from `from_on` until before `to_on`. Words are never edited."""

    id = models.UUIDField(primary_key=True)
    thread_id = models.UUIDField(db_index=True)
    account_number = models.TextField()
    topic = models.CharField(max_length=20)
    direction = models.CharField(max_length=4)
    measure = models.CharField(max_length=20)
    size = models.FloatField()
    probability = models.FloatField()
    service = models.CharField(max_length=80, blank=True, default="")
    region = models.TextField(blank=True, default="")
    from_on = models.DateField()
    to_on = models.DateField()
    expires_on = models.DateField()
    text = models.TextField(blank=True, default="")
    is_sensitive = models.BooleanField(default=False)
    sensitive_reason = models.TextField(blank=True, default="")
    author_key = models.CharField(max_length=80)
    author_name = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, default=InsightState.STANDING.value)
    ended_at = models.DateTimeField(null=True)
    ended_by_key = models.CharField(max_length=80, blank=True, default="")
    ended_by_name = models.CharField(max_length=120, blank=True, default="")
    end_reason = models.TextField(blank=True, default="")
    happened_share = models.FloatField(null=True)
    actual_size = models.FloatField(null=True)

    class Meta:
        db_table = "customers_insight"
        constraints = [
            models.CheckConstraint(
                condition=_one_of("topic", InsightTopic)
                & _one_of("direction", InsightDirection)
                & _one_of("measure", InsightMeasure)
                & _one_of("state", InsightState),
                name="insight_words_known",
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0) & Q(probability__gt=0, probability__lte=1), name="insight_says_something"
            ),
            models.CheckConstraint(
                condition=Q(to_on__gt=F("from_on")) & Q(expires_on__lte=F("to_on")), name="insight_ends"
            ),
            models.CheckConstraint(
                condition=Q(is_sensitive=False) | ~Q(sensitive_reason=""), name="insight_sensitive_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(state="settled", happened_share__gte=0, happened_share__lte=1)
                | (~Q(state="settled") & Q(happened_share=None)),
                name="insight_outcome_when_settled",
            ),
            models.CheckConstraint(
                condition=Q(state="standing", ended_at=None) | (~Q(state="standing") & Q(ended_at__isnull=False)),
                name="insight_ended_when_over",
            ),
        ]
        indexes = [
            models.Index(fields=["account_number", "from_on"], name="insight_by_account"),
            models.Index(fields=["author_key", "state"], name="insight_by_author"),
            models.Index(fields=["to_on"], name="insight_standing", condition=Q(state="standing")),
        ]
