"""The ledger: lines, the sealed tree over them, signed checkpoints."""

from django.db import models
from django.db.models.functions import Now


class LedgerEntry(models.Model):
    """One line of the ledger. The database refuses to change, delete or truncate it (see migration 0002).

    Content is opaque to the tree: it may hold ciphertext one day without a change there.
    `content` is the canonical form of all that the line says; `leaf` = SHA-256(0x00 || content).
    `written_in` is the writing transaction's id, the fence for whoever reads on in order.
    """

    thread_id = models.UUIDField()
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    sentence = models.TextField()
    account_number = models.CharField(max_length=80, blank=True, default="")
    team = models.ForeignKey("org.Team", on_delete=models.PROTECT, null=True, related_name="+")
    actor_key = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=120)
    recorded_at = models.DateTimeField(db_default=Now())
    content = models.BinaryField()
    leaf = models.BinaryField(max_length=32)

    class Meta:
        db_table = "decisions_ledger_entry"
        indexes = [
            models.Index(fields=["thread_id", "id"], name="ledger_by_thread"),
            models.Index(fields=["account_number", "-id"], name="ledger_by_account"),
            models.Index(fields=["kind", "-id"], name="ledger_by_kind"),
        ]


class LedgerLeaf(models.Model):
    """Which place (from 0) an entry has in the sealed tree, and the hash that stands there. Only grows."""

    number = models.BigIntegerField(primary_key=True)
    # No key in the database: entries cannot go anyway, and a key would lock a row of the business per line.
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    leaf = models.BinaryField(max_length=32)

    class Meta:
        db_table = "decisions_ledger_leaf"


class LedgerNode(models.Model):
    """A perfect inner node of the tree: it covers `2**level` leaves from `index * 2**level` on. Only grows."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "decisions_ledger_node"


class LedgerCheckpoint(models.Model):
    """A signed statement about the tree; `body` is what was signed. Only grows.

    `floor_written_in` (migration 0003): entries written in earlier transactions were sealed when the epoch began.
    """

    epoch = models.PositiveIntegerField()
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    cluster = models.CharField(max_length=40)
    opens_epoch = models.BooleanField()
    loses = models.BooleanField()
    sealed_at = models.DateTimeField()
    body = models.TextField()
    signature = models.BinaryField(max_length=64)
    public_key = models.BinaryField(max_length=32)

    class Meta:
        db_table = "decisions_ledger_checkpoint"
        indexes = [
            models.Index(fields=["size"], name="checkpoint_by_size"),
            models.Index(fields=["-id"], name="checkpoint_epochs", condition=models.Q(opens_epoch=True)),
        ]
