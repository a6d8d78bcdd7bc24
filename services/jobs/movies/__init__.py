"""Jobs that compose movies: their plans, how far they are, and what becomes of what they made."""
