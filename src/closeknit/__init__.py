"""Closeknit turns what customers do, and what they were promised, into the capacity that keeps the promises."""

__version__ = "0.1.0"
