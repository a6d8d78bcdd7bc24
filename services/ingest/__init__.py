"""Registers uploads: ticket, probe, asset."""
