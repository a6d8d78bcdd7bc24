"""Motion Photos: a JPEG that carries a short video, as bytes or maps of files in and bytes out.

Motion Photo format 1.0, developer.android.com/media/platform/motion-photo-format; the attributes of Micro
Video V1 beside it, for older readers; and what the galleries of two makers look for.
"""

from libs.media.motionphoto.reader import MotionPhoto, read
from libs.media.motionphoto.writer import DEVICES, Wrapping, wrap, write

__all__ = ["DEVICES", "MotionPhoto", "Wrapping", "read", "wrap", "write"]
