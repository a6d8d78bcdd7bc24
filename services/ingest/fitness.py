"""Whether an asset is of use for what it was fetched for."""

from __future__ import annotations

from libs.contracts.errors import MediaError
from libs.contracts.media import Asset
from libs.contracts.tasks import KINDS

VIDEO, IMAGE, AUDIO, TEXT = KINDS
MAX_TEXT = 16 << 20
"""Bytes of a file of text."""


def fit(asset: Asset, kind: str | None) -> Asset:
    """The asset. Raises `MediaError` when it is not of use as a `kind` (`None`: it always is). What a text
    says is seen by those who read it."""
    if (problem := _problem(asset, kind)) is not None:
        raise MediaError(problem)
    return asset


def _problem(asset: Asset, kind: str | None) -> str | None:
    info = asset.info
    if kind is None:
        return None
    if kind == TEXT:
        return None if asset.object.size <= MAX_TEXT else f"A text has at most {MAX_TEXT >> 20} MiB."
    if info is None:
        return asset.probe_error or "This file cannot be read."
    missing = {
        AUDIO: not info.audio and "There is no sound in this file.",
        IMAGE: info.picture is None and info.video is None and "There is no picture in this file.",
        VIDEO: info.video is None and "There is no video in this file.",
    }
    return missing[kind] or None
