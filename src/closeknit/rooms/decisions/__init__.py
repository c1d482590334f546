"""What was decided, by whom, on what evidence?"""
