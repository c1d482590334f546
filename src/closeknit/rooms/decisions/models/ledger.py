"""The ledger: lines, the sealed tree over them, signed checkpoints."""

from django.db import models
from django.db.models.functions import Now


class LedgerEntry(models.Model):
    """One line of the ledger. The database refuses to change, delete or truncate it (see migration 0002).

    What the line says is only in `content`, its canonical envelope, encrypted with the keys named beside it (lines of
    version 2, written before migration 0004, hold it in the clear); `leaf` = SHA-256(0x00 || content).
    `written_in` is the writing transaction's id, the fence for whoever reads on in order.
    """

    thread_id = models.UUIDField()
    kind = models.CharField(max_length=60)
    actor_key = models.CharField(max_length=80)
    recorded_at = models.DateTimeField(db_default=Now())
    # No foreign keys: they would lock the row of a hot key in every transaction of the business.
    text_key_id = models.UUIDField()
    name_key_id = models.UUIDField(null=True)
    content = models.BinaryField()
    leaf = models.BinaryField(max_length=32)

    class Meta:
        db_table = "decisions_ledger_entry"
        indexes = [
            models.Index(fields=["thread_id", "id"], name="ledger_by_thread"),
            models.Index(fields=["text_key_id", "-id"], name="ledger_by_text_key"),
            models.Index(fields=["kind", "-id"], name="ledger_by_kind"),
            models.Index(fields=["actor_key", "-id"], name="ledger_by_actor"),
        ]


class SubjectKey(models.Model):
    """A data key: what opens the lines about one account (the company: "") or the name of one acting person.

    `wrapped` is the key encrypted with the key-encryption key, which is kept outside the database; none for lines of
    version 2. An erasure destroys it and forgets whose it was. A subject may have several keys: whoever finds none
    makes one and waits for nobody.
    """

    id = models.UUIDField(primary_key=True)
    account_number = models.CharField(max_length=80, null=True)
    person_key = models.CharField(max_length=80, null=True)
    wrapped = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "decisions_subject_key"
        indexes = [
            models.Index(fields=["account_number", "id"], name="key_by_account"),
            models.Index(fields=["person_key", "id"], name="key_by_person"),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_key_has_one_subject_until_it_is_erased",
                condition=(
                    models.Q(erased_at=None, account_number=None, person_key__isnull=False)
                    | models.Q(erased_at=None, account_number__isnull=False, person_key=None)
                    | models.Q(erased_at__isnull=False, account_number=None, person_key=None, wrapped=None)
                ),
            ),
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
