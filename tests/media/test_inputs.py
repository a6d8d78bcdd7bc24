"""Hostile files are opened by what they are, and read nothing but themselves."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from libs.contracts.errors import MediaError
from libs.media.inputs import FORMATS, input_args
from libs.media.probe import check_decodes, probe
from libs.media.tools import Tools
from tests.media.corpus import Corpus
from tests.media.recipes import PLAYLIST

pytestmark = pytest.mark.anyio


class Trap:
    """A named pipe that knows whether anybody opened it to read."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._path = path
        self.sprung = False
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        with open(self._path, "wb"):
            self.sprung = True

    def close(self) -> bool:
        """Whether it was opened before now."""
        sprung = self.sprung
        os.close(os.open(self._path, os.O_RDONLY | os.O_NONBLOCK))
        self._thread.join(5)
        return sprung


PLAYLISTS = {"hls": PLAYLIST, "concat": "ffconcat version 1.0\nfile '{url}'\n"}
CARELESS = {"hls": ["-allowed_extensions", "ALL"], "concat": ["-safe", "0"]}


@pytest.mark.parametrize("kind", PLAYLISTS)
async def test_a_playlist_named_mp4_opens_nothing(tools: Tools, tmp_path: Path, kind: str) -> None:
    playlist, target = tmp_path / "playlist.mp4", tmp_path / "secret.ts"
    playlist.write_text(PLAYLISTS[kind].format(url=target))
    trap = Trap(target)
    with pytest.raises(MediaError, match="not accepted"):
        await probe(playlist, tools, size=playlist.stat().st_size)
    assert not trap.close()


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_careless_reader_would_follow_it(tmp_path: Path, kind: str) -> None:
    playlist, target = tmp_path / "playlist.mp4", tmp_path / "secret.ts"
    playlist.write_text(PLAYLISTS[kind].format(url=target))
    trap = Trap(target)
    subprocess.run(["ffprobe", "-v", "quiet", *CARELESS[kind], str(playlist)], check=False, timeout=20)
    assert trap.close()


async def test_a_picture_is_no_video(corpus: Corpus, tools: Tools) -> None:
    path = corpus.path("picture")
    info = (await probe(path, tools, size=path.stat().st_size)).info
    assert info.video is None
    assert info.picture is not None
    with pytest.raises(MediaError, match="only a picture"):
        await check_decodes(path, info, tools)


@pytest.mark.parametrize("name", ["sdp", "text", "empty", "no-index"])
async def test_what_is_no_video_says_so(corpus: Corpus, tools: Tools, name: str) -> None:
    path = corpus.path(name)
    with pytest.raises(MediaError) as caught:
        await probe(path, tools, size=path.stat().st_size)
    assert caught.value.message.endswith(".")
    assert str(path.parent) not in caught.value.message


def test_playlists_scripts_and_image_sequences_are_not_accepted() -> None:
    assert not {"hls", "dash", "concat", "imf", "lavfi", "sdp", "rtsp", "image2", "webm_dash_manifest"} & set(
        FORMATS
    )


def test_a_local_file_may_only_use_the_file_protocol() -> None:
    args = input_args(Path("/scratch/-i:x.mp4"))
    assert args[args.index("-protocol_whitelist") + 1] == "file"
    assert args[-2:] == ["-i", "file:/scratch/-i:x.mp4"]


def test_a_url_may_only_use_http() -> None:
    args = input_args("http://127.0.0.1:9000/media/a?X-Amz-Signature=1")
    assert args[args.index("-protocol_whitelist") + 1] == "http,https,tcp,tls"
    assert args[-1] == "http://127.0.0.1:9000/media/a?X-Amz-Signature=1"


@pytest.fixture
def served(corpus: Corpus) -> Iterator[str]:
    root = str(corpus.path("plain").parent)
    corpus.path("hls")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def test_media_is_read_over_http(corpus: Corpus, tools: Tools, served: str) -> None:
    probed = await probe(f"{served}/plain.mp4", tools, size=corpus.path("plain").stat().st_size)
    assert probed.info.video is not None
    assert "filename" not in probed.raw["format"]
    await check_decodes(f"{served}/plain.mp4", probed.info, tools)
    with pytest.raises(MediaError):
        await probe(f"{served}/hls.mp4", tools, size=9)


async def test_a_missing_object_names_no_address(tools: Tools, served: str) -> None:
    with pytest.raises(Exception, match="could not be read") as caught:
        await probe(f"{served}/gone.mp4?X-Amz-Signature=secret", tools, size=9)
    assert "127.0.0.1" not in str(caught.value)
