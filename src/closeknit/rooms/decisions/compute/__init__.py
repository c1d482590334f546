"""What decisions computes: the decision table, and the ledger's tree, statements and check. No database."""

from closeknit.rooms.decisions.compute.policy import judge, limits_of
from closeknit.rooms.decisions.compute.table import cases_of, read_table, shipped_table
from closeknit.rooms.decisions.compute.table_words import put_in_words

__all__ = ["cases_of", "judge", "limits_of", "put_in_words", "read_table", "shipped_table"]
