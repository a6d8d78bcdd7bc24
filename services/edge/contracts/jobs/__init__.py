"""The jobs contract: `/jobs`, `/uploads`, `/outputs`."""
