"""How numbers, dates and times are written, one folder per language."""
