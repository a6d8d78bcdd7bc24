"""`POST /api/v1/generate-video`: what is made of a good request."""

from __future__ import annotations

from typing import Any

import pytest

from libs.contracts.captions import CaptionStyle
from libs.contracts.jobs import ComposeSpec, JobState
from libs.contracts.movie import Element
from libs.contracts.rpc import SUBMIT_JOBS
from tests.unit.edge.office import ANN, Client, bearer
from tests.unit.edge.videocraft.cinema import AUDIO, BASE, MOVIE, Cinema, cinema_client, data, refusal


def generate(client: Client, movie: Any, **headers: str) -> Any:
    return client.post(f"{BASE}/generate-video", json=movie, headers=headers)


def test_the_example_of_the_document(client: Client, cinema: Cinema) -> None:
    answer = generate(client, MOVIE)
    found = data(answer, "message", status=202)
    assert answer.json()["message"] == "Video generation job created successfully"
    job_id = found["job_id"]
    assert found == {
        "job_id": job_id,
        "status": "pending",
        "progress": 0,
        "created_at": "2026-01-01T00:00:00Z",
        "status_url": f"/api/v1/jobs/{job_id}/status",
    }
    assert data(client.get(found["status_url"]))["job_id"] == job_id
    asked = cinema.submitted()
    assert (asked.owner, asked.family, asked.channel, asked.max_unfinished) == (ANN, "videocraft", None, 1000)
    (new,) = asked.submissions
    assert isinstance(new.spec, ComposeSpec)
    assert new.key.startswith("movie/")
    assert new.spec.given == MOVIE
    movie = new.spec.movie
    assert (movie.width, movie.height, movie.rate, movie.quality) == (1920, 1080, 30, "medium")
    assert movie.background == "#000000"
    assert movie.scenes[0].elements == [
        Element(kind="audio", path="scenes[0].elements[0]", url="https://example.com/audio.mp3")
    ]
    assert movie.elements == [
        Element(
            kind="subtitles",
            path="elements[0]",
            style=CaptionStyle(style="progressive", font_family="Arial", font_size=24),
        )
    ]


def test_an_array_of_one(client: Client, cinema: Cinema) -> None:
    assert generate(client, [MOVIE]).status_code == 202
    spec = cinema.submitted().submissions[0].spec
    assert isinstance(spec, ComposeSpec)
    assert spec.given == MOVIE


def test_everything_that_can_be_said(client: Client, cinema: Cinema) -> None:
    settings = {
        "style": "classic", "font-family": "DejaVu Sans", "font-size": 40.0, "word-color": "#ffd40080",
        "line-color": "#FFFFFF", "shadow-color": "#000000", "outline-color": "#111111",
        "box-color": "#22222280",
        "outline-width": 2.5, "shadow-offset": 0, "position": "left-top",
    }  # fmt: skip
    picture = {
        "type": "image", "src": "http://example.com/logo.png", "x": -10.4, "y": 20, "width": 100,
        "height": 50, "settings": {"anything": 1}, "comment": "ignored",
    }  # fmt: skip
    clip = {"type": "video", "src": "https://example.com/v.mp4", "volume": 0, "x": None}
    subtitles = {"type": "subtitles", "settings": settings, "language": "pt-BR", "src": " "}
    scene = {"id": "intro", "elements": [clip], "duration": 2.5, "background-color": "#102030", "else": {}}
    wanted = {
        "scenes": [scene, {"elements": []}], "elements": [picture, subtitles], "quality": "high", "fps": 25,
        "resolution": "custom", "width": 1080, "height": 1350.0, "background-color": "#ffffff", "draft": True,
    }  # fmt: skip
    assert generate(client, wanted).status_code == 202
    movie = cinema.movie()
    assert (movie.width, movie.height, movie.rate, movie.quality) == (1080, 1350, 25, "high")
    assert movie.background == "#ffffff"
    first, second = movie.scenes
    assert (first.duration, first.background) == (2.5, "#102030")
    assert (second.elements, second.duration, second.background) == ([], None, None)
    assert first.elements[0] == Element(
        kind="video", path="scenes[0].elements[0]", url="https://example.com/v.mp4", volume=0.0
    )
    logo, captions = movie.elements
    assert (logo.url, logo.x, logo.y, logo.width, logo.height) == (
        "http://example.com/logo.png", -10, 20, 100, 50
    )  # fmt: skip
    assert (captions.language, captions.url, captions.source) == ("pt-BR", None, None)
    assert captions.style == CaptionStyle(
        style="classic",
        font_family="DejaVu Sans",
        font_size=40,
        word_color="#ffd40080",
        line_color="#FFFFFF",
        shadow_color="#000000",
        outline_color="#111111",
        box_color="#22222280",
        outline_width=2.5,
        shadow_offset=0,
        position="left-top",
    )


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ({"resolution": "1280x720"}, (1280, 720)),
        ({"resolution": "1280X720"}, (1280, 720)),
        ({"resolution": "16x4096"}, (16, 4096)),
        ({"resolution": "1280x720", "width": 1280, "height": 720}, (1280, 720)),
        ({"width": 640, "height": 360}, (640, 360)),
        ({"resolution": "custom", "width": 640, "height": 360}, (640, 360)),
        ({"resolution": None, "width": None}, (1920, 1080)),
    ],
)
def test_sizes(client: Client, cinema: Cinema, said: dict[str, Any], size: tuple[int, int]) -> None:
    assert generate(client, MOVIE | said).status_code == 202
    assert (cinema.movie().width, cinema.movie().height) == size


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("en", "en"),
        ("DE", "de"),
        ("yue", "yue"),
        ("auto", None),
        ("und", None),
        (None, None),
        ("eng", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("fre", "fr"),
        ("zh_tw", "zh-TW"),
        ("zho-hant-TW", "zh-Hant-TW"),
        ("und-Latn", None),
    ],
)
def test_languages(client: Client, cinema: Cinema, said: str | None, language: str | None) -> None:
    assert (
        generate(client, MOVIE | {"elements": [{"type": "subtitles", "language": said}]}).status_code == 202
    )
    assert cinema.movie().elements[0].language == language


def test_a_language_that_is_only_written(client: Client, cinema: Cinema) -> None:
    """Whoever has the words may have them in any language."""
    subtitles = {"type": "subtitles", "language": "gle", "src": "https://example.com/a.srt"}
    assert generate(client, MOVIE | {"elements": [subtitles]}).status_code == 202
    assert cinema.movie().elements[0].language == "ga"


def test_all_that_is_allowed_at_most(client: Client, cinema: Cinema) -> None:
    scenes = [{"elements": [AUDIO] * 20}] * 9 + [{"elements": [AUDIO] * 10}] + [{"elements": []}] * 90
    assert generate(client, {"scenes": scenes, "elements": [AUDIO] * 10}).status_code == 202
    assert len(cinema.movie().scenes) == 100


def test_subtitles_at_every_level(client: Client) -> None:
    subtitles = {"type": "subtitles"}
    wanted = {"scenes": [{"elements": [AUDIO, subtitles]}] * 2, "elements": [subtitles]}
    assert generate(client, wanted).status_code == 202


def test_each_request_is_a_job(client: Client, cinema: Cinema) -> None:
    ids = {data(generate(client, MOVIE), "message", status=202)["job_id"] for _ in range(3)}
    assert len(ids) == 3
    assert len({request.submissions[0].key for request in cinema.asked(SUBMIT_JOBS)}) == 3


def test_idempotency(client: Client, cinema: Cinema) -> None:
    first = data(generate(client, MOVIE, **{"Idempotency-Key": "17"}), "message", status=202)
    again = data(generate(client, [MOVIE], **{"Idempotency-Key": "17"}), "message", status=202)
    assert first["job_id"] == again["job_id"]
    assert len(cinema.asked(SUBMIT_JOBS)) == 1
    other: Any = {"scenes": [{"elements": []}]}
    refusal(generate(client, other, **{"Idempotency-Key": "17"}), 409, "CONFLICT")
    answer = generate(client, MOVIE, **({"Idempotency-Key": "17"} | bearer("bob")))
    assert data(answer, "message", status=202)["job_id"] != first["job_id"]
    answer = generate(client, MOVIE, **{"Idempotency-Key": " "})
    assert answer.status_code == 400
    assert set(answer.json()["details"]) == {"Idempotency-Key"}


def test_unlimited(cinema: Cinema) -> None:
    with cinema_client(cinema, rate_limits=False) as client:
        assert generate(client, MOVIE).status_code == 202
        assert cinema.submitted().max_unfinished is None


def test_a_job_that_fails_at_once_is_accepted(client: Client, cinema: Cinema) -> None:
    assert generate(client, MOVIE).status_code == 202
    assert cinema.makings[next(iter(cinema.makings))].job.state is JobState.PENDING
