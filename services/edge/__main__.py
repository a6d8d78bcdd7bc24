"""`python -m services.edge`."""

from services.edge.app import main

main()
