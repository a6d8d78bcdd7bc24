"""Executes render graphs with ffmpeg."""
