"""Captions: from words with times, or from SubRip and WebVTT, to what ffmpeg's `ass` filter draws."""
