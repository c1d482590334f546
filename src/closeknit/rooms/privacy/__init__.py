"""What may we use, for what purpose, and how long?"""
