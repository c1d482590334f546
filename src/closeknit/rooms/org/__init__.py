"""Who are we, where, and who may see and do what?"""
