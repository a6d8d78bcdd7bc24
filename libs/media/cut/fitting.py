"""Making what is encoded and what is copied, of one source or of several, fit into one stream."""

from __future__ import annotations

from collections.abc import Sequence

from libs.media.cut.encode import Recipe, free_id
from libs.media.cut.pieces import Piece
from libs.media.cut.sets import ANNEX_B, Packing, Sets, decide_packing
from libs.media.cut.source import Media


def recipes(pieces: Sequence[Piece]) -> tuple[dict[Media, Recipe], dict[Media, Sets]]:
    """How the edges of each source are encoded, if any, and their parameter sets: with ids of their own,
    but for those that are the same."""
    codec = pieces[0].media.codec
    taken = [unit for piece in pieces if piece.part.copied for unit in piece.media.config.sets]
    made_by: dict[Media, Recipe] = {}
    made: dict[Media, Sets] = {}
    for media in dict.fromkeys(piece.media for piece in pieces if piece.part.encoded):
        used = {recipe.set_id for recipe in made_by.values()}
        for number in (*used, free_id(codec, [*taken, *(unit for sets in made.values() for unit in sets)])):
            made_by[media] = Recipe(media, number)
            sets = made_by[media].sets()
            if sets in made.values() or number not in used:
                break
        made[media] = sets
    return made_by, made


def packing(pieces: Sequence[Piece], made: dict[Media, Sets], container: str) -> Packing:
    """How all packets are written. `made` are the parameter sets of what is encoded."""
    medias = [piece.media for piece in pieces]
    if not medias[0].smart:
        return Packing(medias[0].codec, untouched=True)
    copied = [piece.media for piece in pieces if piece.part.copied]
    groups = [*(media.config.sets for media in copied), *made.values()]
    alike = len({media.video.codec_context.extradata for media in copied}) == 1
    fits = all((media.config.length_size == 0) == (container in ANNEX_B) for media in copied)
    broken = any(piece.part.copied and piece.part.copied.opened for piece in pieces[1:])
    untouched = not made and alike and fits and not broken
    tag = medias[0].video.codec_context.codec_tag
    return decide_packing(medias[0].codec, container, groups, untouched=untouched, tag=tag)
