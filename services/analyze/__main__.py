"""`python -m services.analyze`."""

from services.analyze.app import main

main()
