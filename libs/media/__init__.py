"""Media as data: probes, render graphs and their compilation, and the one place that runs ffmpeg."""
