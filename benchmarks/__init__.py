"""Benchmarks: `./run bench [NAME ...]`. Each prints a table with ratios; none passes or fails by time."""
