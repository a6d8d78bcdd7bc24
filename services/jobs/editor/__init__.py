"""Numbered videos, and queues of edits that become one job."""
