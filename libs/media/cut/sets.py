"""Where the parameter sets of pictures of different origin go, so that each meets its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from libs.media.cut.facts import Refused
from libs.media.cut.nal import as_broken_link, is_delimiter, is_set, join, set_key

Sets = tuple[bytes, ...]
OUT_OF_BAND = {"h264": "avc1", "hevc": "hvc1"}
IN_BAND = {"h264": "avc3", "hevc": "hev1"}
TAGGED = ("mp4", "mov", "3gp", "3g2")
ANNEX_B = ("mpegts",)


@dataclass(frozen=True)
class Packing:
    """How packets are written. `untouched`: as they are in the source, beside its own extradata. Otherwise
    with start codes beside `extradata` (the muxer makes of it what its format wants), with the parameter
    sets in front of every entry when `in_band`, and else without any."""

    codec: str
    untouched: bool = False
    extradata: bytes = b""
    tag: str | None = None
    in_band: bool = False

    def pack(self, units: Iterable[bytes], sets: Sets, *, entry: bool, broken: bool = False) -> list[bytes]:
        """The units of a packet of `units`. `broken`: it is joined to pictures that were not before it."""
        units = list(units)
        known = set(sets)
        if any(is_set(self.codec, unit) and unit not in known for unit in units):
            raise Refused("its parameter sets change on the way")
        front = [unit for unit in units if is_delimiter(self.codec, unit)]
        rest = [u for u in units if not is_set(self.codec, u) and not is_delimiter(self.codec, u)]
        if broken and self.codec == "hevc":
            rest = [as_broken_link(unit) for unit in rest]
        return [*front, *(sets if entry and self.in_band else ()), *rest]


def decide_packing(
    codec: str, container: str, groups: Sequence[Sets], *, untouched: bool, tag: str = ""
) -> Packing:
    """`groups` are the parameter sets of each origin, those that are copied first. `untouched`: all of it is
    copied, from streams whose extradata are one and the same and of the container's kind, and no packet has
    to be changed. `tag` is that of the first source."""
    distinct = list(dict.fromkeys(groups))
    if any(not sets for sets in distinct):
        raise Refused("its parameter sets are not beside the stream")
    tagged = container in TAGGED
    beside, within = (OUT_OF_BAND[codec], IN_BAND[codec]) if tagged else (None, None)
    if len(distinct) == 1 and untouched:
        return Packing(codec, untouched=True, tag=within if tag == within else beside)
    if len(distinct) == 1:
        return Packing(codec, extradata=join(distinct[0]), tag=beside, in_band=container in ANNEX_B)
    if not _collide(codec, distinct):
        merged = dict.fromkeys(unit for sets in distinct for unit in sets)
        ordered = sorted(merged, key=lambda unit: set_key(codec, unit)[0])
        return Packing(codec, extradata=join(ordered), tag=beside, in_band=True)
    if container == "flv":
        raise Refused("its container has no place for parameter sets that change")
    return Packing(codec, extradata=join(distinct[0]), tag=within, in_band=True)


def _collide(codec: str, groups: Sequence[Sets]) -> bool:
    seen: dict[tuple[int, int], bytes] = {}
    return any(seen.setdefault(set_key(codec, unit), unit) != unit for sets in groups for unit in sets)
