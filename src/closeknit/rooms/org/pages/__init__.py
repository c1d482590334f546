"""Pages of org, one file per subject."""
