"""What have we, what is needed, who gets it, at what price?"""
