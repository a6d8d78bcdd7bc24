"""The REST contracts: HTTP in, calls and streams out; no media work, no job logic."""
