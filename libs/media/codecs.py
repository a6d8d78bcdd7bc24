"""Codec families, as ffprobe names them, and the encoders of ffmpeg that write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from libs.contracts.graph import FilterValue

Options = Mapping[str, FilterValue]

_EIGHT_CHANNELS = tuple(range(1, 9))
ANY, BY_FRAME, SHORT = "any", "by frame", "short"
"""Time bases that an encoder takes: any, one over the frame rate, or one with 16 bit numbers that players may
take for the frame rate."""


@dataclass(frozen=True)
class VideoEncoder:
    """`options` are for good quality, with `finer` instead where a source is to be kept as it is.

    `plain` is the pixel format that plays widely, `deep` the one for more than 8 bits (`None`: what the
    encoder takes and is nearest to the pictures). `clock` is the time bases that it takes. Usual builds of
    ffmpeg do not have the `rare` ones.
    """

    name: str
    family: str
    options: Options = field(default_factory=dict)
    finer: Options = field(default_factory=dict)
    plain: str | None = None
    deep: str | None = None
    clock: str = ANY
    rare: bool = False


@dataclass(frozen=True)
class AudioEncoder:
    """`channels` are the numbers of them that it takes, `rates` (Hz) the ones to choose from where not
    every rate will do. `bits` are kilobits a second for one channel, for two, and for each of more."""

    name: str
    family: str
    channels: tuple[int, ...] = _EIGHT_CHANNELS
    rates: tuple[int, ...] = ()
    options: Options = field(default_factory=dict)
    bits: tuple[int, int, int] | None = None
    rare: bool = False

    def kilobits(self, channels: int) -> int | None:
        """Of a second of that many channels, where a bit rate is to be chosen."""
        if self.bits is None:
            return None
        mono, stereo, each = self.bits
        return {1: mono, 2: stereo}.get(channels, each * channels)


EIGHT, TEN = "yuv420p", "yuv420p10le"
_Q: Options = {"q": 3}
_FINE_Q: Options = {"q": 2}


def _mpeg(name: str, family: str = "", clock: str = SHORT) -> VideoEncoder:
    return VideoEncoder(name, family or name, _Q, _FINE_Q, EIGHT, clock=clock)


def _x26x(name: str, family: str, preset: str, **more: FilterValue) -> VideoEncoder:
    return VideoEncoder(name, family, {"crf": 19, "preset": preset, **more}, {"crf": 15}, EIGHT, TEN)


def _own(names: str, *, options: Options | None = None, plain: str | None = None) -> list[VideoEncoder]:
    """Encoders that are named like their family."""
    return [VideoEncoder(name, name, options or {}, plain=plain) for name in names.split()]


_VP9: Options = {"crf": 28, "b": 0, "deadline": "realtime", "cpu-used": 5, "row-mt": 1, "g": 240}
_AOM: Options = {"crf": 28, "b": 0, "usage": "realtime", "cpu-used": 8, "row-mt": 1, "g": 240}

_PLAIN = ("ffv1 ffvhuff huffyuv magicyuv utvideo rawvideo png v210 v308 v408 v410 ayuv yuv4 r210 r10k y41p "
          "avrp zlib zmbv jpegls qtrle")  # fmt: skip
_STILLS = ("alias_pix apng avui bitpacked bmp dpx exr fits pam pbm pcx pfm pgm pgmyuv phm "
           "ppm qoi sgi sunrast targa tiff vbn wrapped_avframe xbm xface xwd")  # fmt: skip

_VIDEO = (
    _x26x("libx264", "h264", "veryfast"),
    VideoEncoder("libopenh264", "h264", {"b": "6M"}, {"b": "20M"}, EIGHT, clock=BY_FRAME, rare=True),
    VideoEncoder("libx264rgb", "h264", {"crf": 19, "preset": "veryfast"}, {"crf": 15}),
    _x26x("libx265", "hevc", "superfast", **{"x265-params": "log-level=error"}),
    VideoEncoder("libkvazaar", "hevc", {"b": "6M"}, {"b": "20M"}, EIGHT, clock=BY_FRAME, rare=True),
    VideoEncoder("libvpx-vp9", "vp9", _VP9, {"crf": 18}, EIGHT, TEN),
    VideoEncoder("libvpx", "vp8", {"crf": 8, "b": "20M", "deadline": "realtime", "cpu-used": 5, "g": 240},
                 {"crf": 4, "b": "60M"}, EIGHT),
    VideoEncoder("libsvtav1", "av1", {"crf": 28, "preset": 9, "g": 240}, {"crf": 20}, EIGHT, TEN),
    VideoEncoder("libaom-av1", "av1", _AOM, {"crf": 20}, EIGHT, TEN),
    VideoEncoder("librav1e", "av1", {"qp": 80, "speed": 10, "g": 240}, {"qp": 50}, EIGHT, TEN),
    _mpeg("mpeg4"), _mpeg("libxvid", "mpeg4"),
    _mpeg("mpeg2video", clock=BY_FRAME), _mpeg("mpeg1video", clock=BY_FRAME),
    _mpeg("wmv2"), _mpeg("wmv1"),
    _mpeg("msmpeg4", "msmpeg4v3"), _mpeg("msmpeg4v2"),
    _mpeg("h263", clock=BY_FRAME), _mpeg("h263p", "h263", BY_FRAME), _mpeg("h261", clock=BY_FRAME),
    _mpeg("flv", "flv1"),
    VideoEncoder("libtheora", "theora", {"q": 8}, {"q": 10}, EIGHT),
    VideoEncoder("mjpeg", "mjpeg", _Q, _FINE_Q, "yuvj420p"), VideoEncoder("ljpeg", "mjpeg", plain="yuvj420p"),
    VideoEncoder("prores_ks", "prores", plain="yuv422p10le", deep="yuv422p10le"),
    VideoEncoder("prores", "prores", plain="yuv422p10le", deep="yuv422p10le"),
    VideoEncoder("prores_aw", "prores", plain="yuv422p10le", deep="yuv422p10le"),
    VideoEncoder("dnxhd", "dnxhd", {"profile": "dnxhr_hq"}, plain="yuv422p"),
    VideoEncoder("vc2", "dirac"),
    VideoEncoder("libopenjpeg", "jpeg2000"), VideoEncoder("jpeg2000", "jpeg2000"),
    VideoEncoder("roqvideo", "roq", _Q, _FINE_Q, clock=BY_FRAME),
    VideoEncoder("libjxl", "jpegxl"), VideoEncoder("libwebp_anim", "webp"), VideoEncoder("libwebp", "webp"),
    *_own("snow svq1 asv1 asv2 amv rv10 rv20 speedhq", options=_Q),
    *_own(_PLAIN), *_own("cfhd hap dvvideo flashsv flashsv2 cinepak rpza smc msvideo1 cljr gif"),
    VideoEncoder("a64multi", "a64_multi"), VideoEncoder("a64multi5", "a64_multi5"),
    *_own(_STILLS),
)  # fmt: skip

_STEREO, _MONO, _TO_SIX = (1, 2), (1,), tuple(range(1, 7))
_NAMED = (1, 2, 5, 6, 7, 8)
"""Numbers of channels whose usual layout in ffmpeg is also that of Vorbis, Opus and FLAC."""
_MPEG_RATES, _WINDOWS_RATES = (32000, 44100, 48000), (22050, 32000, 44100, 48000)
_LAYERED, _DOLBY, _MPEG_BITS = (96, 160, 72), (128, 224, 96), (128, 192, 96)
_RARE_SOUND = {"libfdk_aac", "libopencore_amrnb", "libvo_amrwbenc", "libilbc"}
_TRY: Options = {"strict": -2}
"""ffmpeg calls these experimental."""


def _sound(
    names: str,
    family: str = "",
    channels: tuple[int, ...] = _EIGHT_CHANNELS,
    rates: tuple[int, ...] = (),
    *,
    bits: tuple[int, int, int] | None = None,
    options: Options | None = None,
) -> list[AudioEncoder]:
    """Encoders of one family, or each of a family of its own name."""
    return [
        AudioEncoder(name, family or name, channels, rates, options or {}, bits, rare=name in _RARE_SOUND)
        for name in names.split()
    ]


_AUDIO = (
    *_sound("aac libfdk_aac", "aac", bits=_LAYERED),
    *_sound("libmp3lame", "mp3", _STEREO, _MPEG_RATES, bits=_MPEG_BITS),
    *_sound("libshine", "mp3", _STEREO, (44100, 48000), bits=_MPEG_BITS),
    *_sound("mp2 libtwolame mp2fixed", "mp2", _STEREO, _MPEG_RATES, bits=_MPEG_BITS),
    *_sound("ac3 ac3_fixed", "ac3", _TO_SIX, _MPEG_RATES, bits=_DOLBY),
    *_sound("eac3", "eac3", _TO_SIX, _MPEG_RATES, bits=_DOLBY),
    *_sound("libopus", "opus", _NAMED, bits=_LAYERED),
    *_sound("opus", "opus", _STEREO, (48000,), bits=_LAYERED, options=_TRY),
    *_sound("libvorbis", "vorbis", _NAMED, options={"q": 6}),
    *_sound("vorbis", "vorbis", (2,), options=_TRY),
    *_sound("flac", "flac", _NAMED),
    *_sound("alac tta wavpack"),
    *_sound("dca", "dts", (1, 2, 4, 5, 6), _MPEG_RATES, options={"b": "1411k", **_TRY}),
    *_sound("truehd", "truehd", (2, 5, 6), (44100, 48000, 96000), options=_TRY),
    *_sound("mlp", "mlp", (1, 2, 5, 6), (44100, 48000, 96000), options=_TRY),
    *_sound("wmav2 wmav1", "", _STEREO, _WINDOWS_RATES, bits=_MPEG_BITS),
    *_sound("adpcm_ms adpcm_ima_wav adpcm_yamaha adpcm_ima_qt dfpwm", "", _STEREO),
    *_sound("adpcm_swf", "adpcm_swf", _STEREO, (11025, 22050, 44100)),
    *_sound("g722", "adpcm_g722", _MONO, (16000,)),
    *_sound("g726", "adpcm_g726", _MONO, (8000,)),
    *_sound("g726le", "adpcm_g726le", _MONO, (8000,)),
    *_sound("libgsm", "gsm", _MONO, (8000,)),
    *_sound("libgsm_ms", "gsm_ms", _MONO, (8000,)),
    *_sound("nellymoser", "nellymoser", _MONO, (8000, 11025, 22050, 44100)),
    *_sound("libspeex", "speex", _STEREO, (8000, 16000, 32000)),
    *_sound("libopencore_amrnb", "amr_nb", _MONO, (8000,), options={"b": "12200"}),
    *_sound("libvo_amrwbenc", "amr_wb", _MONO, (16000,), options={"b": "23850"}),
    *_sound("real_144", "ra_144", _MONO, (8000,)),
    *_sound("s302m", "s302m", (2, 4, 6, 8), (48000,), options=_TRY),
    *_sound("pcm_dvd", "pcm_dvd", (1, 2, 6, 8), (48000,)),
    *_sound("pcm_bluray", "pcm_bluray", rates=(48000,)),
    *_sound("pcm_s24daud", "pcm_s24daud", (6,), (96000,)),
    *_sound("roq_dpcm", "roq_dpcm", _STEREO, (22050,)),
    *_sound("adpcm_ima_amv", "adpcm_ima_amv", _MONO, (22050,)),
    *_sound("libcodec2", "codec2", _MONO, (8000,)),
    *_sound("libilbc", "ilbc", _MONO, (8000,)),
    *_sound("g723_1 comfortnoise", "", _MONO, (8000,)),
    *_sound("sbc", "sbc", _STEREO, _MPEG_RATES),
    *_sound("sonic sonicls", "", _STEREO, options=_TRY),
    *_sound("adpcm_adx adpcm_argo adpcm_ima_alp adpcm_ima_apm adpcm_ima_ssi adpcm_ima_ws", "", _STEREO),
    *_sound("aptx aptx_hd", "", (2,)),
    *_sound("pcm_s8 pcm_u8 pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_s64le pcm_s64be "
            "pcm_u16le pcm_u16be pcm_u24le pcm_u24be pcm_u32le pcm_u32be pcm_f32le pcm_f32be pcm_f64le "
            "pcm_f64be pcm_s8_planar pcm_s16le_planar pcm_s16be_planar pcm_s24le_planar pcm_s32le_planar "
            "pcm_alaw pcm_mulaw pcm_vidc"),
)  # fmt: skip

_LOSSLESS = frozenset(f"{_PLAIN} {_STILLS} ljpeg".split())


def is_lossless(encoder: str) -> bool:
    """Whether what it writes is about as large as the pictures themselves."""
    return encoder in _LOSSLESS


VIDEO_ENCODERS = {encoder.name: encoder for encoder in _VIDEO}
AUDIO_ENCODERS = {encoder.name: encoder for encoder in _AUDIO}
ALIASES = {"avc": "h264", "x264": "h264", "h265": "hevc", "x265": "hevc", "xvid": "libxvid", "dca": "dts",
           "mpeg2": "mpeg2video", "mpeg1": "mpeg1video"}  # fmt: skip
"""What people say."""
_BY_NAME_ONLY = {"libx264rgb", "ljpeg", "h263p"}
"""Not what their family is taken to mean."""
_DEVICES = "nvenc|qsv|vaapi|v4l2m2m|omx|amf|mf|videotoolbox|mediacodec|rkmpp|vulkan|d3d12va"
_HARDWARE = re.compile(rf"([a-z0-9]+_)?({_DEVICES})(_[a-z0-9]+)?")


def is_hardware(name: str) -> bool:
    """Whether an encoder of this name needs a device of its own."""
    return _HARDWARE.fullmatch(name) is not None


def video_encoders(codec: str) -> list[VideoEncoder]:
    """The encoders that `codec`, a family or an encoder in any case, may mean, the first choice first."""
    name = ALIASES.get(codec.lower(), codec.lower())
    family = [encoder for encoder in _VIDEO if encoder.family == name and encoder.name not in _BY_NAME_ONLY]
    return family or [encoder for encoder in _VIDEO if encoder.name == name]


def audio_encoders(codec: str) -> list[AudioEncoder]:
    """As `video_encoders`, of sound."""
    name = ALIASES.get(codec.lower(), codec.lower())
    family = [encoder for encoder in _AUDIO if encoder.family == name]
    return family or [encoder for encoder in _AUDIO if encoder.name == name]
