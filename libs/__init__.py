"""Libraries shared by the services: contracts, chassis, media."""
