"""The WebSocket hub: job events and progress to whoever listens."""
