"""Pages and tiles of demand, one file per subject."""
