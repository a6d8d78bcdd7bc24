"""`src`: URLs of others, and whatever this system has handed out, of use as what it is asked to be."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.errors import UnavailableError
from libs.contracts.media import MediaInfo
from libs.contracts.movies import GET_MAKING
from libs.contracts.rpc import GET_ASSET, SUBMIT_JOBS
from tests.unit.edge.backend import video as editor_video
from tests.unit.edge.office import ANN, ASSET, BOB, EDIT, Client
from tests.unit.edge.videocraft.cinema import BASE, Cinema, cinema_client, problems, refusal
from tests.unit.samples import asset, at, info

SOUND, TEXT, OTHERS, BROKEN = (UUID(int=number) for number in (510, 511, 512, 513))
FILM, JOB = UUID(int=7), UUID(int=9)
PATH = "scenes[0].elements[0].src"


@pytest.fixture
def cinema() -> Cinema:
    found = Cinema()
    found.stored[SOUND] = asset(510, owner=ANN, info=info(video=None))
    found.stored[TEXT] = asset(511, owner=ANN, info=None, probe_error="Nothing in it decodes.")
    found.stored[OTHERS] = asset(512, owner=BOB)
    found.stored[BROKEN] = asset(513, owner=ANN, info=info(audio=[]))
    found.film(7)
    found.film(8, removed_at=at(1))
    found.making(12)
    found.film(11, owner=BOB)
    found.made(9)
    found.add(editor_video(13))
    return found


def generate(client: Client, kind: str, src: str) -> Any:
    movie = {"scenes": [{"elements": [{"type": kind, "src": src}]}]}
    return client.post(f"{BASE}/generate-video", json=movie)


@pytest.mark.parametrize(
    ("kind", "src", "key"),
    [
        ("video", str(ASSET), "uploads/500/clip.mp4"),
        ("image", f"/uploads/{ASSET}", "uploads/500/clip.mp4"),
        ("audio", f"http://media.test:8000/uploads/{ASSET}", "uploads/500/clip.mp4"),
        ("audio", str(SOUND), "uploads/510/clip.mp4"),
        ("subtitles", str(TEXT), "uploads/511/clip.mp4"),
        ("video", f"/outputs/{JOB}/output.mp4", "results/9/output.mp4"),
        ("video", "13", "videos/13"),
        ("audio", "/storage/origin/clip13.mp4", "videos/13"),
        ("video", f"video_{FILM.hex}", "results/7/movie.mp4"),
        ("audio", f"/api/v1/videos/video_{FILM.hex}/download", "results/7/movie.mp4"),
        ("video", f"http://media.test:8000/api/v1/videos/video_{FILM.hex}/preview", "results/7/movie.mp4"),
        ("subtitles", f"/api/v1/videos/video_{FILM.hex}/subtitles.srt", "results/7/captions.srt"),
        ("subtitles", f"/api/v1/videos/video_{FILM.hex}/subtitles.vtt", "results/7/captions.vtt"),
    ],
)
def test_what_was_handed_out(client: Client, cinema: Cinema, kind: str, src: str, key: str) -> None:
    assert generate(client, kind, src).status_code == 202
    element = cinema.movie().scenes[0].elements[0]
    assert element.source is not None
    assert (element.source.object.key, element.url) == (key, None)


def test_text_has_no_media_in_it(client: Client, cinema: Cinema) -> None:
    assert generate(client, "subtitles", str(TEXT)).status_code == 202
    source = cinema.movie().scenes[0].elements[0].source
    assert source is not None
    assert source.info == MediaInfo(formats=[], size=source.object.size)


@pytest.mark.parametrize(
    ("kind", "src", "problem"),
    [
        ("video", str(SOUND), "There is no video in this file, only sound."),
        ("image", str(SOUND), "There is no picture in this file, only sound."),
        ("audio", str(BROKEN), "There is no sound in this file."),
        ("audio", str(TEXT), "Nothing in it decodes."),
        ("video", str(TEXT), "Nothing in it decodes."),
        ("subtitles", str(ASSET), "This file is not text: subtitles are SubRip (SRT) or WebVTT."),
        ("video", f"/api/v1/videos/video_{FILM.hex}/subtitles.srt", "This file cannot be read as a video."),
    ],
)
def test_files_of_no_use(client: Client, cinema: Cinema, kind: str, src: str, problem: str) -> None:
    assert problems(generate(client, kind, src)) == {PATH: problem}
    assert cinema.asked(SUBMIT_JOBS) == []


@pytest.mark.parametrize(
    "src",
    [
        str(OTHERS), str(UUID(int=999)), f"video_{UUID(int=8).hex}", f"video_{UUID(int=11).hex}",
        f"video_{UUID(int=12).hex}", f"video_{UUID(int=999).hex}", f"/api/v1/videos/video_{FILM.hex}/x.mp4",
        f"/api/v1/videos/{FILM}/download", f"/api/v1/jobs/{FILM}", "/api/v1/videos/x/download", "999",
        "uploads/500/clip.mp4", "../../etc/passwd", "/etc/passwd", "C:\\a.mp4", "a\nb", "x" * 4000,
    ],
)  # fmt: skip
def test_nothing_there(client: Client, cinema: Cinema, src: str) -> None:
    assert problems(generate(client, "video", src)) == {PATH: "There is no such file"}


@pytest.mark.parametrize(
    "url", ["http://example.com/a.mp3", " https://example.com/a?b=c ", "HTTPS://bücher.de/ä"]
)
def test_urls(client: Client, cinema: Cinema, url: str) -> None:
    assert generate(client, "audio", url).status_code == 202
    assert cinema.movie().scenes[0].elements[0].url == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a", "file:///etc/passwd", "data://text", "concat://a|b", "https://", "http://user@x/",
        "http://example.com:8080/", "http://127.0.0.1/", "http://127.1/", "http://0x7f000001/", "http://[::1]/",
        "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[::ffff:10.0.0.1]/",
        "http://192.168.1.1/a.mp3", "https://exa mple.com/", "https://example.com\\@127.0.0.1/",
    ],
)  # fmt: skip
def test_urls_that_are_not_asked_for(client: Client, cinema: Cinema, url: str) -> None:
    assert list(problems(generate(client, "audio", url))) == [PATH]
    assert cinema.calls == []


def test_the_same_is_looked_up_once(client: Client, cinema: Cinema) -> None:
    element = {"type": "audio", "src": str(SOUND)}
    movie = {"scenes": [{"elements": [element] * 10}] * 3, "elements": [element]}
    assert client.post(f"{BASE}/generate-video", json=movie).status_code == 202
    assert len(cinema.asked(GET_ASSET)) == 1
    assert all(each.source for scene in cinema.movie().scenes for each in scene.elements)


def test_services_that_are_away(client: Client, cinema: Cinema) -> None:
    for method, src in ((GET_ASSET, str(SOUND)), (GET_MAKING, f"video_{FILM.hex}")):
        cinema.fail(method, UnavailableError("No answer."))
        refusal(generate(client, "audio", src), 503, "SERVICE_UNAVAILABLE")


def test_more_than_a_message_holds(client: Client, cinema: Cinema) -> None:
    many = info(audio=[*info().audio] * 400)
    cinema.stored[SOUND] = msgspec.structs.replace(cinema.stored[SOUND], info=many)
    movie = {"scenes": [{"elements": [{"type": "audio", "src": str(SOUND)}] * 20}]}
    answer = client.post(f"{BASE}/generate-video", json=movie)
    assert list(problems(answer)) == ["body"]


@pytest.mark.parametrize("path", [f"video_{FILM.hex}", f"/api/v1/videos/video_{FILM.hex}/download"])
def test_films_can_be_edited_by_the_jobs_family(cinema: Cinema, path: str) -> None:
    with cinema_client(cinema, whole=True) as client:
        body = {"job_type": "VIDEO_EDIT", "input_data": EDIT | {"input_path": path}}
        assert client.post("/jobs", json=body).status_code == 200
        source = cinema.asked(SUBMIT_JOBS)[-1].submissions[0].spec.source
        assert source.object.key == "results/7/movie.mp4"
