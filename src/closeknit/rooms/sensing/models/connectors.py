"""How rows come by themselves, and the messages that came and are not rows yet."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from closeknit.rooms.sensing.models.feeds import Batch, Feed


class Connector(models.Model):
    """A signed webhook, a pull from a database, or a broker's subject, into one stream of one feed.

    `secret` and the one before it are encrypted; `tries` counts failures since it last went well.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=10)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+")
    stream = models.CharField(max_length=80)
    options = models.JSONField(default=dict)
    secret = models.BinaryField(null=True)
    previous_secret = models.BinaryField(null=True)
    previous_secret_until = models.DateTimeField(null=True)
    watermark = models.TextField(default="")
    thread_id = models.UUIDField()
    opened_by = models.CharField(max_length=60)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")
    tries = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sensing_connector"
        indexes = [models.Index(fields=["kind", "next_at"], name="connector_due", condition=Q(closed_at=None))]


class Message(models.Model):
    """One message as it came. Its id stays for a week, so that a sender's repeat is known; its body goes once it is
    rows.
    """

    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, related_name="+", db_index=False)
    message_id = models.TextField()
    body_sha256 = models.BinaryField(max_length=32)
    body = models.BinaryField(null=True)
    received_at = models.DateTimeField(db_default=Now())
    # The first message of the load that it was taken into: a load cut off is gone on with, same messages, same order.
    taken_with = models.BigIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)

    class Meta:
        db_table = "sensing_message"
        constraints = [
            models.UniqueConstraint(fields=["connector", "message_id"], name="one_message_per_id"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, body__isnull=False) | Q(settled_at__isnull=False),
                name="waiting_message_has_its_body",
            ),
        ]
        indexes = [
            models.Index(fields=["connector", "id"], name="message_waiting", condition=Q(settled_at=None)),
            models.Index(fields=["settled_at"], name="message_settled", condition=Q(settled_at__isnull=False)),
        ]
