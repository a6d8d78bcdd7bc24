"""The enhancement contract: `/upload`, `/internal/*-status`, `/processed_videos`, `/metadata`."""
