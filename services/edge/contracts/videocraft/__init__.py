"""The videocraft contract: movies composed of scenes, `/api/v1`."""
