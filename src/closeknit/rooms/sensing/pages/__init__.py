"""Pages and tiles of sensing, one file per subject."""
