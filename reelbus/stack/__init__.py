"""The embedded stack: real servers and every service as child processes of one supervisor."""
