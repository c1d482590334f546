"""What came of it?"""
