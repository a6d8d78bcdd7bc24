"""What every service stands on: bus, delivery, workers, storage, database, telemetry, health."""
