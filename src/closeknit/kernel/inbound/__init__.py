"""What comes in from other systems by itself: how it is known to be theirs."""
