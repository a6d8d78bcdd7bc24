"""The enhancement of a video as a render graph: cleaner, clearer and sharper, and otherwise the same."""

from __future__ import annotations

from libs.contracts.errors import MediaError
from libs.contracts.graph import (
    AudioEncoding,
    Filter,
    FilterValue,
    Output,
    Source,
    SubtitleEncoding,
    VideoEncoding,
)
from libs.contracts.media import AudioStream, MediaInfo, ObjectRef, VideoStream
from libs.media import picture
from libs.media.codecs import AUDIO_ENCODERS
from libs.media.containers import Container, container_for
from libs.media.encodings import audio_encoding
from libs.media.notes import audible, audio_notes, count, video_notes
from libs.media.reasons import no_video
from libs.media.rhythm import Rhythm, rhythm_of


def enhance_graph(source_object: ObjectRef, info: MediaInfo, name: str) -> Output:
    """The graph that enhances `source_object`; the extension of `name` chooses the container.

    Frames keep their number, their times, their displayed orientation and their size (an odd size grows
    by a pixel where the codec needs even ones); sound, subtitles and language tags are kept where the
    container can hold them, and `notes` say what was not. Raises `MediaError` without a video.
    """
    video = info.video
    if video is None:
        raise MediaError(no_video(info))
    container = container_for(name, info.formats)
    rhythm, deep = rhythm_of(video), is_deep(video)
    pixel_format = "yuv420p10le" if deep else "yuv420p"
    steps = [
        *picture.deinterlace(video),
        *picture.denoise(video, info.duration),
        *([] if deep else picture.levels(video, pixel_format)),
        *picture.sharpen(),
        *([picture.step("format", pix_fmts=pixel_format)] if deep else []),
        *([] if container.muxer == "webm" else picture.make_even(video)),
        *picture.tag_colours(video),
        *rhythm.steps,
    ]
    subtitles, lost_subtitles = _subtitles(info, container)
    return Output(
        input=Filter(input=Source(object=source_object, info=info), steps=steps),
        container=container.muxer,
        extension=container.extension,
        content_type=container.content_type,
        video=_video_encoding(container, rhythm, pixel_format, deep=deep),
        audio=[_audio_encoding(stream, container) for stream in audible(info)],
        subtitles=subtitles,
        notes=[*video_notes(info, video), *audio_notes(info), *lost_subtitles],
    )


def is_deep(video: VideoStream) -> bool:
    """Whether 8 bits would lose something: more than 8 bits, or HDR."""
    return video.bit_depth > 8 or video.hdr


def _video_encoding(container: Container, rhythm: Rhythm, pixel_format: str, *, deep: bool) -> VideoEncoding:
    options: dict[str, FilterValue] = {
        "enc_time_base": f"{rhythm.tick.numerator}/{rhythm.tick.denominator}",
        "r": f"{rhythm.rate.numerator}/{rhythm.rate.denominator}",
    }
    tag = None
    if container.muxer == "webm":
        encoder = "libvpx-vp9"
        options |= {"crf": 28, "b": 0, "deadline": "realtime", "cpu-used": 5, "row-mt": 1, "g": 240}
    elif deep:
        encoder, tag = "libx265", None if container.muxer == "matroska" else "hvc1"
        options |= {"crf": 20, "preset": "superfast", "x265-params": "log-level=error"}
    else:
        encoder = "libx264"
        options |= {"crf": 19, "preset": "veryfast"}
    if rhythm.variable and container.muxer != "webm":
        options["bf"] = 0  # with reordering, ffmpeg 5.1 loses the duration of the last frame in MP4
    return VideoEncoding(
        encoder=encoder, pixel_format=pixel_format, options=options, tag=tag, variable_rate=rhythm.variable
    )


def _audio_encoding(stream: AudioStream, container: Container) -> AudioEncoding:
    if stream.codec in container.audio:
        return AudioEncoding(index=stream.index, encoder="copy")
    return audio_encoding(stream, AUDIO_ENCODERS[container.audio_encoder], container)


def _subtitles(info: MediaInfo, container: Container) -> tuple[list[SubtitleEncoding], list[str]]:
    encodings, lost = [], 0
    for stream in info.subtitles:
        if stream.codec in container.subtitles:
            encodings.append(SubtitleEncoding(index=stream.index, encoder="copy"))
        elif stream.text:
            encodings.append(SubtitleEncoding(index=stream.index, encoder=container.text_encoder))
        else:
            lost += 1
    where = container.extension.upper()
    return encodings, [f"{count(lost, 'subtitle track')} cannot be stored in {where}."] if lost else []
