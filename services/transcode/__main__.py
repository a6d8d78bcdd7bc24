"""`python -m services.transcode`."""

from services.transcode.app import main

main()
