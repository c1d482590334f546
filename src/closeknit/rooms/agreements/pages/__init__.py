"""Pages of agreements, one file per subject."""
