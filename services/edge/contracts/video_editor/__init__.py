"""The video editor contract: `/video/*` and `/storage/{origin,modi}`."""
