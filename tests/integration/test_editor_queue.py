"""A queue of edits gives the frames that the same edits give step by step."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.editor import Editor
from tests.media.looking import describe
from tests.media.numbered import X264, numbered, numbers
from tests.stack.harness import Stack

Frames = list[int]
FPS = 25
SEEDS = (0, 1, 3, 6)
"""Of trees with trims of trims and of nested concats, and with concats of trims, of one clip and of both.
That any tree is planned right is shown where the passes are tested."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("editor")


@pytest.fixture(scope="module")
def clips(folder: Path) -> list[Path]:
    """Alike for the contract, not alike in bits: the second has other GOPs and parameter sets."""
    other = (*X264, "-g", "40", "-bf", "3", "-refs", "5", "-x264-params", "b-pyramid=normal")
    return [
        numbered(folder / "one.mp4", 120),
        numbered(folder / "two.mp4", 100, first=1000, video=other),
    ]


@pytest.fixture
def editor(stack: Stack) -> Editor:
    return Editor(stack)


@pytest.fixture(scope="module")
def uploaded(stack: Stack, clips: list[Path]) -> list[int]:
    return Editor(stack).upload(*clips)


def test_trim_trim_concat_encode_in_one_go(editor: Editor, uploaded: list[int], folder: Path) -> None:
    one, two = uploaded
    first = editor.trim(one, 0.5, 2.0)
    second = editor.trim(two, 1.02, 3.0)
    joined = editor.concat(second, first)
    encoded = editor.encode(joined, video_codec="hevc", resolution="96:64", frame_rate=25)
    assert editor.http.get("/video/view/info", params={"video_id": joined}).status_code == 404
    editor.execute()
    shown = {video: numbers(editor.fetch(video, folder)) for video in (first, second, joined)}
    assert shown[first] == list(range(13, 50))
    assert shown[second] == list(range(1026, 1075))
    assert shown[joined] == shown[second] + shown[first]
    result = editor.fetch(encoded, folder)
    streams = {stream["codec_type"]: stream for stream in describe(result)["streams"]}
    assert (streams["video"]["codec_name"], streams["video"]["width"], streams["video"]["height"]) == (
        "hevc", 96, 64,
    )  # fmt: skip
    assert int(streams["video"]["nb_frames"]) == len(shown[joined])
    assert editor.info(encoded) == {
        "video_streams": "hevc",
        "audio_streams": "aac",
        "resolution": "96:64",
        "frame_rate": 25,
    }


class Tree:
    """A random nesting of trims and concats over two clips, as the queue and as the naive way make it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def build(self, depth: int, leaf: Callable[[int], int], editor: Editor, lengths: dict[int, float]) -> int:
        """The id of the tree's result; `lengths` gets the seconds of every video."""
        if depth == 0:
            return leaf(self.random.randrange(2))
        if self.random.random() < 0.6:
            video = self.build(depth - 1, leaf, editor, lengths)
            length = lengths[video]
            start = self.random.uniform(0, length * 0.5)
            end = self.random.uniform(start + min(0.5, length * 0.3), length + 0.3)
            result = editor.trim(video, round(start, 3), round(end, 3))
            lengths[result] = max(min(end, length) - start - 1 / FPS, 0.05)
            return result
        parts = [self.build(depth - 1, leaf, editor, lengths) for _ in range(2)]
        result = editor.concat(*parts)
        lengths[result] = sum(lengths[part] for part in parts)
        return result


class StepByStep(Editor):
    """Executes every edit at once and goes on from a new upload of its result."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        super().__init__(stack)
        self.folder = folder

    def queue(self, process: str, **body: object) -> int:
        result = super().queue(process, **body)
        self.execute()
        return self.upload(self.fetch(result, self.folder))[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_trees_in_one_queue_and_step_by_step(
    stack: Stack, uploaded: list[int], tmp_path: Path, seed: int
) -> None:
    lengths = {uploaded[0]: 120 / FPS, uploaded[1]: 100 / FPS}
    queued, steps = Editor(stack), StepByStep(stack, tmp_path)
    at_once = Tree(seed).build(3, uploaded.__getitem__, queued, dict(lengths))
    queued.execute()
    naive = Tree(seed).build(3, uploaded.__getitem__, steps, dict(lengths))
    expected = tmp_path / "naive.mp4"
    original: str = steps.record(naive)["original_file_path"]
    expected.write_bytes(steps.http.get(original.removeprefix(".")).content)
    found = numbers(queued.fetch(at_once, tmp_path))
    assert found
    assert found == numbers(expected)
