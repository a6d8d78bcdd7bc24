"""What is said in media, and captions of it."""
