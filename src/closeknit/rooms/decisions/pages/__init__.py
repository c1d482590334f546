"""Pages and tiles of decisions, one file per subject."""
