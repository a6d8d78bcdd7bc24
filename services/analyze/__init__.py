"""Metadata and colour of videos."""
