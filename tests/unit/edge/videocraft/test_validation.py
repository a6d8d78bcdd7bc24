"""What is wrong with a request is told all at once, under its path."""

from __future__ import annotations

from typing import Any

import pytest

from libs.contracts.captions import POSITIONS
from libs.contracts.movies import COUNT_JOBS
from libs.contracts.rpc import SUBMIT_JOBS
from services.edge.contracts.videocraft.captions import style_of
from services.edge.contracts.videocraft.fields import Fields
from tests.unit.edge.office import Client
from tests.unit.edge.videocraft.cinema import AUDIO, BASE, MOVIE, Cinema, problems, refusal

SUBTITLES = {"type": "subtitles"}


def wrong(client: Client, movie: Any) -> Any:
    return problems(client.post(f"{BASE}/generate-video", json=movie))


def of_element(**changes: Any) -> Any:
    return {
        "scenes": [{"elements": [AUDIO, {"type": "image", "src": "https://example.com/a.png"} | changes]}]
    }


def of_settings(**changes: Any) -> Any:
    settings = {name.replace("_", "-"): value for name, value in changes.items()}
    return {"scenes": [{"elements": []}], "elements": [SUBTITLES | {"settings": settings}]}


def test_the_example_of_the_document(client: Client) -> None:
    assert wrong(client, {"scenes": [], "elements": [{"type": "audio"}]}) == {
        "scenes": "At least one scene is required",
        "elements[0].src": "URL is required for audio elements",
    }


def test_everything_at_once(client: Client, cinema: Cinema) -> None:
    found = wrong(
        client,
        {
            "scenes": [
                {"elements": [{"type": "audio"}, {"type": "image", "src": "uploads/nothing", "x": "1"}]},
                {"elements": "x", "duration": 0},
                7,
                {"id": 5},
            ],
            "elements": [
                {"type": "subtitles", "settings": {"font-size": 301, "fontsize": 3, "position": "top"}},
                {"type": "subtitles", "language": "klingon"},
                {"type": "hologram", "volume": 2},
                {"type": "video", "src": "https://127.0.0.1/a.mp4"},
                {},
            ],
            "quality": "ultra",
            "resolution": "1921x1080",
            "fps": 0,
            "background-color": "red",
        },
    )
    assert set(found) == {
        "scenes[0].elements[0].src", "scenes[0].elements[1].src", "scenes[0].elements[1].x",
        "scenes[1].elements", "scenes[1].duration", "scenes[2]", "scenes[3].elements", "scenes[3].id",
        "elements[0].settings.font-size", "elements[0].settings.fontsize", "elements[0].settings.position",
        "elements[1]", "elements[1].language", "elements[2].type", "elements[2].volume", "elements[3].src",
        "elements[4].type", "quality", "resolution", "fps", "background-color",
    }  # fmt: skip
    assert found["scenes[0].elements[1].src"] == "There is no such file"
    assert found["elements[3].src"] == "The URL leads to an address that is not public."
    assert "font-size" in found["elements[0].settings.fontsize"]
    assert cinema.asked(SUBMIT_JOBS) == cinema.asked(COUNT_JOBS) == []


@pytest.mark.parametrize("kind", ["audio", "image", "video"])
@pytest.mark.parametrize("src", [None, "", "  "])
def test_sources_that_are_missing(client: Client, kind: str, src: str | None) -> None:
    found = wrong(client, {"scenes": [{"elements": [{"type": kind, "src": src}]}]})
    assert found == {"scenes[0].elements[0].src": f"URL is required for {kind} elements"}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], "body"),
        ([MOVIE, MOVIE], "body"),
        ([[MOVIE]], "body"),
        ("scenes", "body"),
        (7, "body"),
        (None, "body"),
        ({}, "scenes"),
        ({"scenes": None}, "scenes"),
        ({"scenes": {}}, "scenes"),
        ({"scenes": False}, "scenes"),
        ({"scenes": "x"}, "scenes"),
        ({"scenes": [[]]}, "scenes[0]"),
        ({"scenes": [None]}, "scenes[0]"),
        ({"scenes": [{}]}, "scenes[0].elements"),
        ({"scenes": [{"elements": {}}]}, "scenes[0].elements"),
        ({"scenes": [{"elements": [None]}]}, "scenes[0].elements[0]"),
        ({"scenes": [{"elements": [], "id": ""}]}, "scenes[0].id"),
        ({"scenes": [{"elements": [], "duration": 3600.5}]}, "scenes[0].duration"),
        ({"scenes": [{"elements": [], "duration": "5"}]}, "scenes[0].duration"),
        ({"scenes": [{"elements": [], "background-color": "#12345"}]}, "scenes[0].background-color"),
        ({"scenes": [{"elements": [AUDIO] * 21}]}, "scenes[0].elements"),
        ({"scenes": [{"elements": []}], "elements": [AUDIO] * 21}, "elements"),
        ({"scenes": [{"elements": []}] * 101}, "scenes"),
        ({"scenes": [{"elements": [AUDIO] * 20}] * 11}, "scenes"),
        ({"scenes": [{"elements": [SUBTITLES, SUBTITLES]}]}, "scenes[0].elements[1]"),
        (MOVIE | {"quality": "HIGH"}, "quality"),
        (MOVIE | {"quality": 1}, "quality"),
        (MOVIE | {"fps": 29.97}, "fps"),
        (MOVIE | {"fps": 61}, "fps"),
        (MOVIE | {"background-color": "#00000000"}, "background-color"),
        (MOVIE | {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": [1]}}}}}}}}, "body"),
        (MOVIE | {"a": "\0"}, "body"),
        (MOVIE | {"a": 10**30}, "body"),
    ],
)
def test_one_thing(client: Client, body: Any, path: str) -> None:
    assert list(wrong(client, body)) == [path]


@pytest.mark.parametrize(
    ("said", "paths"),
    [
        ({"resolution": "custom"}, ["width", "height"]),
        ({"resolution": "custom", "width": 100}, ["height"]),
        ({"width": 100}, ["height"]),
        ({"height": 100}, ["width"]),
        ({"width": 101, "height": 100}, ["width"]),
        ({"width": 14, "height": 4098}, ["width", "height"]),
        ({"width": "100", "height": True}, ["width", "height"]),
        ({"resolution": "1280x720", "width": 640, "height": 720}, ["width"]),
        ({"resolution": "14x720"}, ["resolution"]),
        ({"resolution": "99999x720"}, ["resolution"]),
        ({"resolution": "1280*720"}, ["resolution"]),
        ({"resolution": "hd"}, ["resolution"]),
        ({"resolution": ""}, ["resolution"]),
        ({"resolution": 720}, ["resolution"]),
        ({"resolution": ["1280x720"]}, ["resolution"]),
        ({"resolution": "١٢٨٠x٧٢٠"}, ["resolution"]),
    ],
)
def test_sizes(client: Client, said: dict[str, Any], paths: list[str]) -> None:
    assert list(wrong(client, MOVIE | said)) == paths


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("type", [None, "", "Audio", "text", 1, ["audio"], {}]),
        ("src", [1, True, ["https://example.com/a.png"], {}, "x" * 4097]),
        ("x", [-8193, 8193, "1", True, 1e300, [1]]),
        ("y", [-8193, 8193, "1", True, 1e300]),
        ("width", [0, -1, 8193, "1", False]),
        ("height", [0, 0.4, 8193, "1"]),
        ("volume", [-0.1, 1.1, "1", True, 1e308]),
        ("language", ["e", "engl", "en-", "12", "", 5, "e n", "日本"]),
        ("settings", [[], "x", 1]),
    ],
)
def test_fields_of_elements(client: Client, name: str, values: list[Any]) -> None:
    for value in values:
        assert list(wrong(client, of_element(**{name: value}))) == [f"scenes[0].elements[1].{name}"], value


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("style", ["Progressive", "karaoke", "", 1]),
        ("font_family", ["", " ", "a,b", "{\\b1}", "a\nb", "x" * 65, 5, "Ari\0al"]),
        ("font_size", [5, 301, 24.5, "24", True, 1e300]),
        ("word_color", ["red", "#FFF", "#GGGGGG", "FFFFFF", "#FFFFFFF", 255, "#ffffff\n"]),
        ("line_color", ["#"]),
        ("shadow_color", [""]),
        ("outline_color", ["rgb(0,0,0)"]),
        ("box_color", [False]),
        ("outline_width", [-1, 20.5, "2"]),
        ("shadow_offset", [-0.5, 21, []]),
        ("position", ["bottom", "center", "bottom-center", "center_bottom", 5]),
        ("fontSize", [24]),
        ("font_weight", [700, None]),
    ],
)
def test_settings_of_captions(client: Client, name: str, values: list[Any]) -> None:
    path = f"elements[0].settings.{name.replace('_', '-')}"
    for value in values:
        assert path in wrong(client, of_settings(**{name: value})), value


@pytest.mark.parametrize("language", ["tlh", "gle", "xx-US", "mul"])
@pytest.mark.parametrize("src", [{}, {"src": " "}])
def test_languages_that_nobody_recognises(client: Client, language: str, src: dict[str, Any]) -> None:
    movie = MOVIE | {"elements": [{"type": "subtitles", "language": language, **src}]}
    found = problems(client.post(f"{BASE}/generate-video", json=movie))
    assert found == {"elements[0].language": "Speech in this language is not recognised"}


@pytest.mark.parametrize(
    "settings",
    [
        {"font_size": 6}, {"font_size": 300}, {"outline_width": 20}, {"shadow_offset": 20.0},
        {"font_family": "Noto Sans CJK 日本"}, {"font_family": "x" * 64}, {"word_color": None}, {},
        *({"position": position} for position in POSITIONS),
    ],
)  # fmt: skip
def test_settings_that_are_all_right(client: Client, settings: dict[str, Any]) -> None:
    assert client.post(f"{BASE}/generate-video", json=of_settings(**settings)).status_code == 202


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"{]", b"\xff\xfe", b"[" * 100_000, b'{"scenes": NaN}', b'{"scenes": [Infinity]}',
        b"scenes=1",
        b'{"a": "\\ud800"}',
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"]
)
def test_what_is_no_json(client: Client, content: bytes, content_type: str) -> None:
    headers = {"content-type": content_type}
    answer = client.post(f"{BASE}/generate-video", content=content, headers=headers)
    assert list(problems(answer)) == ["body"]


def test_a_body_that_is_too_large(client: Client, cinema: Cinema) -> None:
    answer = client.post(f"{BASE}/generate-video", json=MOVIE | {"a": "x" * (256 << 10)})
    refusal(answer, 413, "REQUEST_TOO_LARGE")
    assert cinema.calls == []


def test_numbers_that_would_not_fit_when_written_in_full(client: Client) -> None:
    tiny = [5e-324] * 3000
    assert list(wrong(client, MOVIE | {"a": tiny})) == ["body"]


def test_long_names_are_cut(client: Client) -> None:
    (path,) = wrong(client, of_settings(**{"x" * 5000: 1}))
    assert len(path) < 200


def test_a_request_of_unknown_settings_has_no_huge_answer() -> None:
    problems: dict[str, str] = {}
    style_of(Fields({str(number): 1 for number in range(9000)}, problems, "settings"))
    assert 0 < len(problems) <= 20
