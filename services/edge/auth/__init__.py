"""Who is calling: JWTs, API keys, and what their owners may do."""
