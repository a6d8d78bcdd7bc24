"""Which streams an output has when its main source becomes another one."""

from __future__ import annotations

import msgspec

from libs.contracts.graph import AudioMix, Node, Output
from libs.media.passes.tree import main_source
from libs.media.walk import nodes


def over(output: Output, node: Node) -> Output:
    """`output` of `node`: its tracks are at the same positions of the new main source; those that this does
    not have are left out. What is mixed over a silent one stays its one track."""
    before, after = main_source(output.input).info, main_source(node).info
    mixed = any(isinstance(each, AudioMix) and each.sounds for each in nodes(node))
    heard = [stream.index for stream in before.audio], [stream.index for stream in after.audio]
    read = [stream.index for stream in before.subtitles], [stream.index for stream in after.subtitles]
    audio = [
        msgspec.structs.replace(encoding, index=index)
        for encoding in output.audio
        if (index := _moved(encoding.index, *heard, alone=mixed)) is not None
    ]
    subtitles = [
        msgspec.structs.replace(encoding, index=index)
        for encoding in output.subtitles
        if (index := _moved(encoding.index, *read)) is not None
    ]
    return msgspec.structs.replace(output, input=node, audio=audio, subtitles=subtitles)


def _moved(index: int, before: list[int], after: list[int], *, alone: bool = False) -> int | None:
    """The stream at the position of `index`. `alone`: there is a first one even where there is none."""
    if index not in before and not (alone and not before):
        return None
    position = before.index(index) if before else 0
    if position < len(after):
        return after[position]
    return index if alone and not after and position == 0 else None
