"""Who is this account, and how close are we?"""
