"""`python -m services.speech`."""

from services.speech.app import main

main()
