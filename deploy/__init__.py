"""What builds and tries deployments."""
