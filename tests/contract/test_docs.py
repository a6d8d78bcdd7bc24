"""The generated documents: fresh, true, and complete."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

import reelbus as reelbus_package
from libs.contracts.base import Method
from libs.contracts.registry import Kind, declarations, messages
from reelbus.docs import links, pages, settings
from reelbus.docs.errors import DocsError
from tests.contract.conftest import Run

ROOT = pages.checkout()
Document = dict[str, Any]


@pytest.fixture(scope="session")
def wanted() -> dict[Path, str]:
    return pages.pages(ROOT)


@pytest.fixture(scope="session")
def asyncapi(wanted: dict[Path, str]) -> Document:
    found: Document = json.loads(wanted[Path("docs/api/asyncapi.json")])
    return found


@pytest.fixture(scope="session")
def openapi(wanted: dict[Path, str]) -> Document:
    found: Document = json.loads(wanted[Path("docs/api/openapi.json")])
    return found


def test_the_pages_are_fresh(wanted: dict[Path, str]) -> None:
    assert pages.stale(ROOT, wanted) == [], f"Mend it with: {pages.MEND}"


def test_pages_are_the_same_everywhere(wanted: dict[Path, str], tmp_path: Path) -> None:
    """Another hash seed, another folder for temporary files, settings in the environment."""
    code = "import json; from reelbus.docs.pages import checkout, pages; "
    code += "print(json.dumps({str(path): text for path, text in pages(checkout()).items()}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PYTHONHASHSEED": "12345",
            "TMPDIR": str(tmp_path),
            "PATH": "",
            "REELBUS_HTTP_PORT": "1",
            "REELBUS_S3_SECRET_KEY": "hush",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert {Path(path): text for path, text in json.loads(done.stdout).items()} == wanted


def test_check_names_what_is_stale_and_build_mends_it(
    reelbus: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("libs", "services", "reelbus", "docs"):
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    monkeypatch.setattr(pages, "checkout", lambda: tmp_path)
    assert reelbus("docs", "build").exit_code == 0
    assert reelbus("docs", "check").stdout == "The documents are fresh.\n"
    (tmp_path / "docs/settings.md").write_text("old")
    (tmp_path / "docs/api/openapi.json").unlink()
    stale = reelbus("docs", "check")
    assert stale.exit_code == 1
    assert "  docs/api/openapi.json\n  docs/settings.md\nMend it with: make docs" in stale.stderr
    assert "docs/events.md" not in stale.stderr
    assert reelbus("docs", "build").stdout == "wrote docs/api/openapi.json\nwrote docs/settings.md\n"
    assert reelbus("docs", "check").exit_code == 0


def test_an_installed_package_has_no_documents_to_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reelbus_package, "__file__", str(tmp_path / "reelbus" / "__init__.py"))
    with pytest.raises(DocsError, match="in a checkout"):
        pages.checkout()


# --- events.md ------------------------------------------------------------------------------------


def test_events_has_everything_with_sender_and_receiver(wanted: dict[Path, str]) -> None:
    page = wanted[Path("docs/events.md")]
    for value in declarations().values():
        assert f"\n### `{value.subject}`\n" in page
    assert "| [`media.ingested.v1`](#mediaingestedv1) | event | ingest | " in page
    assert "| [`rpc.ingest.complete_upload`](#rpcingestcomplete_upload) | call | edge | ingest |" in page
    assert re.search(
        r"\| \[`tasks\.transcode\.\*`\]\(#tasks\): RenderTask \| task \| jobs \| transcode \|", page
    )


def test_every_link_leads_somewhere() -> None:
    assert links.broken(ROOT) == []


def test_a_link_that_leads_nowhere_is_named(
    reelbus: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs/deep").mkdir(parents=True)
    (tmp_path / "docs/deep/here.md").write_text(
        "# Here, and `there`\n## Twice\n```sh\n# no heading\n[no](link.md)\n```\n## Twice\n"
        '[a](#here-and-there) [b](#twice-1) [c](../../README.md#top "Top") [d](https://reelbus.example/x)\n'
        "`[e](code.md)` [f](#twice-2) [g](#no-heading) [h](gone.md) [i](../../README.md#gone) [j](../deep)"
    )
    (tmp_path / "README.md").write_text("# Top\n[here](docs/deep/here.md#twice)")
    astray = [
        f"docs/deep/here.md: {to}" for to in ("#twice-2", "#no-heading", "gone.md", "../../README.md#gone")
    ]
    assert links.broken(tmp_path) == astray
    monkeypatch.setattr(links, "broken", lambda root: astray)
    told = reelbus("docs", "check")
    assert told.exit_code == 1
    assert "These links lead nowhere:\n  docs/deep/here.md: #twice-2\n" in told.stderr


# --- settings.md ----------------------------------------------------------------------------------


class Fragment(BaseSettings):
    """A fragment."""

    model_config = {"env_prefix": "REELBUS_"}

    token: SecretStr = Field(SecretStr("hush"), description="A token.")
    retries: int = Field(3, description="Tries | at most.", ge=1, lt=9)


class OneSettings(Fragment):
    """One service."""

    retries: int = Field(5, description="More tries.", ge=1)


class TwoSettings(Fragment):
    """Another service."""


def test_a_setting_is_listed_where_it_is_declared_with_who_reads_it() -> None:
    found = settings.collect({"one": OneSettings, "two": TwoSettings})
    assert {(each.declared_in, each.name): each.read_by for each in found} == {
        (Fragment, "token"): ("one", "two"),
        (Fragment, "retries"): ("two",),
        (OneSettings, "retries"): ("one",),
    }


def test_settings_tell_variable_type_bounds_and_default_but_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "models", lambda: {"one": OneSettings, "two": TwoSettings})
    page = settings.page()
    assert "| `REELBUS_TOKEN` | secret | (hidden) |  | A token. | one, two |" in page
    assert "| `REELBUS_RETRIES` | integer | `3` | ≥ 1, < 9 | Tries \\| at most. | two |" in page
    assert "| `REELBUS_RETRIES` | integer | `5` | ≥ 1 | More tries. | one |" in page
    assert "hush" not in page


def test_every_service_and_field_is_on_the_page(wanted: dict[Path, str]) -> None:
    models = settings.models()
    assert set(models) == {path.parent.name for path in (ROOT / "services").glob("*/app.py")}
    for model in models.values():
        for name in model.model_fields:
            assert f"| `REELBUS_{name.upper()}` |" in wanted[Path("docs/settings.md")]


# --- openapi.json ---------------------------------------------------------------------------------


def test_openapi_has_the_routes_of_every_family(openapi: Document) -> None:
    assert openapi["openapi"].startswith("3.1")
    assert {"/upload", "/internal/video-enhancement-status/{file_id}"} <= set(openapi["paths"])
    form = openapi["paths"]["/upload"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"]["required"] == ["file"]
    tags = {tag for path in openapi["paths"].values() for each in path.values() for tag in each["tags"]}
    families = {path.parent.name for path in (ROOT / "services/edge/contracts").glob("*/routes.py")}
    assert len(tags) >= len(families) > 0


def test_openapi_is_sound(openapi: Document) -> None:
    for reference in _references(openapi):
        _resolve(openapi, reference)
    operations = [each["operationId"] for path in openapi["paths"].values() for each in path.values()]
    assert len(operations) == len(set(operations))


# --- asyncapi.json, against the rules of https://www.asyncapi.com/docs/reference/specification/v3.0.0 ------


def test_asyncapi_has_the_fields_that_the_specification_knows(asyncapi: Document) -> None:
    known = {
        "asyncapi",
        "id",
        "info",
        "servers",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    }
    assert set(asyncapi) <= known
    assert asyncapi["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(asyncapi["info"])
    for server in asyncapi["servers"].values():
        assert {"host", "protocol"} <= set(server)
    for section in asyncapi["components"].values():
        assert all(re.fullmatch(r"[a-zA-Z0-9.\-_]+", key) for key in section)


def test_asyncapi_references_resolve(asyncapi: Document) -> None:
    references = _references(asyncapi)
    assert references
    for reference in references:
        _resolve(asyncapi, reference)


def test_asyncapi_channels_carry_every_message_of_the_registry(asyncapi: Document) -> None:
    travelling = {each.name for each in messages() if each.kind is not Kind.DOCUMENT}
    assert set(asyncapi["channels"]) == travelling == set(asyncapi["components"]["messages"])
    for name, channel in asyncapi["channels"].items():
        assert set(channel) <= {"address", "messages", "parameters", "description"}
        assert channel["address"] is None or channel["address"].startswith(name.split(".")[0])
        parameters = set(re.findall(r"{(\w+)}", channel["address"] or ""))
        assert parameters == set(channel.get("parameters", {}))
    addresses = [each["address"] for each in asyncapi["channels"].values() if each["address"]]
    assert {each.subject for each in declarations().values()} <= set(addresses)
    assert len(addresses) == len(set(addresses))


def test_asyncapi_operations_use_messages_of_their_channel(asyncapi: Document) -> None:
    for name, operation in asyncapi["operations"].items():
        assert operation["action"] in ("send", "receive"), name
        _uses_its_channel(asyncapi, operation)
        if "reply" in operation:
            _uses_its_channel(asyncapi, operation["reply"])
            assert _resolve(asyncapi, operation["reply"]["channel"]["$ref"])["address"] is None
            assert operation["reply"]["address"]["location"].startswith("$message.")


def test_asyncapi_has_both_sides_of_everything(asyncapi: Document) -> None:
    sides: dict[str, set[str]] = {}
    for operation in asyncapi["operations"].values():
        channel = operation["channel"]["$ref"].removeprefix("#/channels/")
        sides.setdefault(channel, set()).add(operation["action"])
    calls = {each.subject for each in declarations().values() if isinstance(each, Method)}
    expected = {name for name in asyncapi["channels"] if not name.endswith(".reply")}
    assert sides == {name: {"send", "receive"} for name in expected}
    replied = {
        operation["channel"]["$ref"] for operation in asyncapi["operations"].values() if "reply" in operation
    }
    assert replied == {f"#/channels/{subject}.request" for subject in calls}


def test_asyncapi_discriminators_are_names_of_properties(asyncapi: Document) -> None:
    schema = asyncapi["components"]["schemas"]["Submission"]["properties"]["spec"]
    assert schema["discriminator"] == "type"


def _uses_its_channel(document: Document, part: Document) -> None:
    channel = _resolve(document, part["channel"]["$ref"])
    for message in part["messages"]:
        reference = message["$ref"]
        assert reference.startswith(part["channel"]["$ref"] + "/messages/")
        assert reference.rpartition("/")[2] in channel["messages"]


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for part in value.values() for each in _references(part)]
    return [each for part in value for each in _references(part)] if isinstance(value, list) else []


def _resolve(document: Document, reference: str) -> Any:
    assert reference.startswith("#/")
    found: Any = document
    for key in reference[2:].split("/"):
        found = found[key]
    return found
