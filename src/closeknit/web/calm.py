"""How one process serves pages while much comes in through it."""

import gc
import sys

SWITCH_SECONDS = 0.0005
# Loading takes rows by the ten thousand, none of them in a circle: collecting after every 700 objects, as Python does
# by itself, went through all that the process holds again and again, a fifth of the work of taking a row.
YOUNG_OBJECTS = 20_000
ROUNDS_OF_YOUNG, ROUNDS_OF_MIDDLE = 20, 20


def keep_calm() -> None:
    """Set what is loaded already apart from garbage, collect seldom, and let threads wait for each other less.

    A page waits for the interpreter after each answer of the database, while a load computes: at Python's own 5 ms
    a time, that alone would make it three times as slow.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, ROUNDS_OF_YOUNG, ROUNDS_OF_MIDDLE)
    sys.setswitchinterval(SWITCH_SECONDS)
