"""Motion Photo sessions: their life, and the work that is done for them."""
