"""`python -m services.sessions`."""

from services.sessions.app import main

main()
