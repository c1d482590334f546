"""Closeknit's numerics: pure functions from arrays to frozen results.

No input or output, no clock, no framework, no global random state: the same arrays give the same
bits. NaN, infinity and impossible values are refused here, before any solver sees them.

Parts (independent of each other): `queueing` (how many people a promise needs), `inventory` (how much stock),
`simulation` (what happens when a plan meets a day), `forecasting` (what will be asked, with quantiles),
`allocation` (who gets scarce hours, and what one more hour is worth).
Under them: `compiled` (loops that run plain or compiled), `checks` (one way to refuse bad input) and `errors`.
"""
