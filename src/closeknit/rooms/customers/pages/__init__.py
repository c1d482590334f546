"""Pages and tiles of customers, one file per subject."""
