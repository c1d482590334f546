"""Pages of privacy, one file per subject."""
