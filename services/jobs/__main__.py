"""`python -m services.jobs`."""

from services.jobs.app import main

main()
