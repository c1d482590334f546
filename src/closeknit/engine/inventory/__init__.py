"""How much stock keeps a promise, and who gets it when it is short."""
