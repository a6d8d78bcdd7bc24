"""Builds every image of the Dockerfile without a daemon, looks into each, and has them do the main jobs."""
