"""What each container that we write can hold, and what goes into it instead where it cannot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

FREE, MILLISECONDS, GRID = "free", "milliseconds", "grid"
"""How a container keeps the times of frames: in any time base, rounded to milliseconds, or as a number of
frames on a constant grid."""


@dataclass(frozen=True)
class Container:
    """`muxer` is ffmpeg's name, `formats` are its names of what a probe finds. Codecs are families, as
    ffprobe names them.

    Common players show the `video` and play the `audio` families in it; `more_video` and `more_audio` it may
    hold besides when that was asked for or came so. Enhancing, a stream is copied when its codec is in
    `audio` or `subtitles`, otherwise encoded with `audio_encoder` or `text_encoder`; `video_encoder` is for
    families that nothing here can write. `tracks` are of sound; MP3 has one of `mp3_rates` (Hz), if any.
    """

    muxer: str
    extension: str
    content_type: str
    audio: frozenset[str]
    audio_encoder: str
    subtitles: frozenset[str]
    text_encoder: str
    options: tuple[tuple[str, str], ...] = ()
    formats: frozenset[str] = frozenset()
    video: frozenset[str] = frozenset()
    video_encoder: str = "libx264"
    more_video: frozenset[str] = frozenset()
    more_audio: frozenset[str] = frozenset()
    tracks: int = 64
    mp3_rates: tuple[int, ...] = ()
    clock: str = FREE

    def holds(self, video: str, audio: Collection[str] = ()) -> bool:
        """Whether pictures of this family and sound of all these families fit."""
        return video in self.video | self.more_video and self.audio | self.more_audio >= set(audio)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PCM_FORMATS = ("s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "f32le", "f64le")
PCM = frozenset(f"pcm_{kind}" for kind in PCM_FORMATS)
RIFF_PCM = _names("pcm_u8 pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_f64le pcm_alaw pcm_mulaw")
RIFF_ADPCM = _names("adpcm_ms adpcm_ima_wav adpcm_yamaha gsm_ms")
RIFF = RIFF_PCM | RIFF_ADPCM
MP4_AUDIO = _names("aac mp3 ac3 eac3 alac opus")
MKV_AUDIO = _names("aac mp3 mp2 ac3 eac3 alac opus vorbis flac dts truehd wavpack tta pcm_s16le pcm_s24le "
                   "pcm_s32le pcm_u8 pcm_f32le")  # fmt: skip
MKV_SUBTITLES = _names("subrip ass ssa webvtt hdmv_pgs_subtitle dvd_subtitle dvb_subtitle")
TIMED_TEXT = frozenset({"mov_text"})
NOTHING: frozenset[str] = frozenset()
ISO_FORMATS = _names("mov mp4 m4a 3gp 3g2 mj2")
FAST_START = (("movflags", "+faststart"),)
FROM_ZERO = (("avoid_negative_ts", "disabled"),)
"""Else the priming of MP3 and AAC moves the pictures, and the second one comes a frame late."""

MODERN = _names("h264 hevc av1 vp9")
MPEG = _names("mpeg1video mpeg2video")
WINDOWS = _names("msmpeg4v2 msmpeg4v3 wmv1 wmv2 wmv3 vc1")
LOSSLESS = _names("ffv1 ffvhuff huffyuv magicyuv utvideo png v210 v308 v408 v410 ayuv yuv4 r210 r10k y41p "
                  "zlib zmbv jpegls")  # fmt: skip
INTERMEDIATE = _names("prores dnxhd dvvideo cfhd hap jpeg2000 mjpeg")
OLD = _names("h263 flv1 theora dirac snow cinepak svq1 rpza msvideo1 asv1 asv2 amv cljr speedhq targa dpx "
             "flashsv")  # fmt: skip
ANY_VIDEO = MPEG | WINDOWS | LOSSLESS | OLD | _names("h264 mpeg4")

MP4 = Container("mp4", "mp4", "video/mp4", MP4_AUDIO, "aac", TIMED_TEXT, "mov_text", FAST_START,
                ISO_FORMATS, MODERN | MPEG | _names("mpeg4 mjpeg dirac jpeg2000 png"),
                more_audio=_names("dts vorbis"))  # fmt: skip
M4V = replace(MP4, extension="m4v")
MOV_AUDIO = MP4_AUDIO - {"opus"} | PCM
MOV = Container("mov", "mov", "video/quicktime", MOV_AUDIO, "aac", TIMED_TEXT, "mov_text", FAST_START,
                ISO_FORMATS, ANY_VIDEO | INTERMEDIATE | _names("hevc qtrle"),
                more_audio=RIFF | _names("mp2 dts vorbis speex pcm_s8 pcm_f32be pcm_f64be "
                                                          "adpcm_ima_qt adpcm_g722 adpcm_g726 gsm "
                                                          "nellymoser"))  # fmt: skip
MKV = Container("matroska", "mkv", "video/x-matroska", MKV_AUDIO, "aac", MKV_SUBTITLES, "subrip",
                formats=_names("matroska webm"), clock=MILLISECONDS,
                video=ANY_VIDEO | MODERN | INTERMEDIATE | _names("vp8 rawvideo"),
                more_video=_names("gif avrp exr h261 sgi smc tiff"),
                more_audio=RIFF | _names("wmav1 wmav2 speex mlp adpcm_g722 adpcm_g726 dfpwm "
                                                          "pcm_s64le pcm_s16be pcm_s24be pcm_s32be "
                                                          "ra_144 g723_1 adpcm_swf"))  # fmt: skip
WEBM = Container("webm", "webm", "video/webm", _names("opus vorbis"), "libopus", _names("webvtt"), "webvtt",
                 formats=_names("matroska webm"), video=_names("vp8 vp9 av1"), video_encoder="libvpx-vp9",
                 clock=MILLISECONDS)  # fmt: skip
AVI = Container("avi", "avi", "video/x-msvideo", _names("mp3 ac3 mp2 pcm_s16le pcm_u8"), "libmp3lame",
                NOTHING, "subrip", FROM_ZERO, _names("avi"), video_encoder="mpeg4", clock=GRID,
                video=ANY_VIDEO | INTERMEDIATE - {"prores", "dnxhd"} | _names("vp8 rawvideo"),
                more_audio=RIFF | _names("aac dts wmav1 wmav2 eac3 speex adpcm_g722 "
                                                          "adpcm_g726 vorbis"))  # fmt: skip
WMV = Container("asf", "wmv", "video/x-ms-asf", _names("wmav2 wmav1 mp3"), "wmav2", NOTHING, "subrip",
                formats=_names("asf"), video=WINDOWS, video_encoder="wmv2", clock=MILLISECONDS,
                more_audio=RIFF | _names("aac ac3 mp2 wmapro wmalossless "
                                                          "wmavoice"))  # fmt: skip
ASF = replace(WMV, extension="asf")
FLV = Container("flv", "flv", "video/x-flv", _names("aac mp3"), "aac", NOTHING, "subrip",
                formats=_names("flv live_flv"), video=_names("h264 flv1 flashsv flashsv2"),
                more_audio=_names("nellymoser adpcm_swf"), tracks=1,
                mp3_rates=(11025, 22050, 44100), clock=MILLISECONDS)  # fmt: skip
MPEG_PS = Container("vob", "mpeg", "video/mpeg", _names("mp2 mp3 ac3"), "mp2", NOTHING, "subrip",
                    formats=_names("mpeg"), video=MPEG | _names("mpeg4 h264"), video_encoder="mpeg2video",
                    more_audio=_names("dts pcm_dvd"), clock=GRID)  # fmt: skip
MPG = replace(MPEG_PS, extension="mpg")
TS = Container("mpegts", "ts", "video/mp2t", _names("aac mp2 mp3 ac3 eac3"), "aac", NOTHING, "subrip",
               formats=_names("mpegts"), video=_names("h264 hevc") | MPEG | _names("mpeg4 dirac"),
               more_audio=_names("opus dts s302m"))  # fmt: skip
MTS, M2TS = replace(TS, extension="mts"), replace(TS, extension="m2ts")
THREE_GP = Container("3gp", "3gp", "video/3gpp", _names("aac amr_nb amr_wb"), "aac", TIMED_TEXT, "mov_text",
                     FAST_START, ISO_FORMATS, _names("h264 h263 mpeg4"))  # fmt: skip
THREE_G2 = replace(THREE_GP, muxer="3g2", extension="3g2", content_type="video/3gpp2")
OGV = Container("ogv", "ogv", "video/ogg", _names("vorbis opus flac"), "libvorbis", NOTHING, "subrip",
                formats=_names("ogg"), video=_names("theora vp8"), video_encoder="libtheora", clock=GRID,
                more_audio=_names("speex"))  # fmt: skip

ORDER = (MKV, MP4, MOV, AVI, WMV, FLV, MPEG_PS, TS, THREE_GP, OGV, WEBM)
"""Where a container is to be found for codecs, the first choice first."""
BY_MUXER = {container.muxer: container for container in (*ORDER, THREE_G2)}
BY_EXTENSION = {
    container.extension: container
    for container in (*ORDER, M4V, ASF, MPG, MTS, M2TS, THREE_G2, replace(OGV, extension="ogg"))
}
ENHANCED = {container.extension: container for container in (MP4, M4V, MOV, MKV, WEBM)}
"""What an enhanced video may be, by extension."""


def container_for(name: str, formats: list[str]) -> Container:
    """Of an enhanced video: by the extension of a file name; where that is missing or not one of ours, by
    ffmpeg's `formats`."""
    extension = _extension(name)
    if extension in ENHANCED:
        return ENHANCED[extension]
    return MKV if not extension and "matroska" in formats else MP4


def own_container(name: str, formats: Collection[str], video: str, audio: Collection[str]) -> Container:
    """The one that a stored file already is in, where we write it; else one that holds its families.

    The extension of `name` counts where ffmpeg's `formats` agree with it: names lie.
    """
    named = BY_EXTENSION.get(_extension(name))
    same = [each for each in (named, MP4, MKV, *ORDER) if each and not each.formats.isdisjoint(formats)]
    own = same[0] if same else first_holding(video, audio)
    return MKV if own is WEBM and not own.holds(video, audio) else own


def first_holding(video: str, audio: Collection[str]) -> Container:
    """The first choice for these families; MP4, where they are encoded, when there is none."""
    return next((each for each in ORDER if video in each.video and each.holds(video, audio)), MP4)


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
