"""What will they need?"""
