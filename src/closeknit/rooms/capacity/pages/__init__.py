"""Pages of capacity, one file per subject."""
