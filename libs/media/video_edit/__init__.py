"""VIDEO_EDIT: a part of a video in a frame of an exact size, at an even loudness.

`analyse` looks at the video and listens to it, as far as what is wanted needs that; `graph` makes of what
was found the graph that renders it. The rest finds things: `highlight` the liveliest part, `look` what a
crop is to keep, `loudness` the gain.
"""
