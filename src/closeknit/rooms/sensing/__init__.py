"""What did we observe, where did it come from, can it be trusted?"""
