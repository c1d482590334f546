"""What a dispute is called where it is escalated. Pure."""

from uuid import UUID


def dispute_cause(dispute_id: UUID) -> str:
    """Return the cause under which a dispute is escalated and told of."""
    return f"wrong-fact:{dispute_id}"
