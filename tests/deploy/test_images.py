"""The recipe of the images, as far as it can be judged without building them: `make images` does that."""

from __future__ import annotations

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from typing import Any

import pytest

from deploy.images.names import NAMES, OPERATOR, WITHOUT_MEDIA, base, version
from deploy.images.trial import SECRETS
from libs.chassis.migrations import owners
from tests.deploy.closure import ROOT, distributions, packages_of, providers
from tests.programs import program

RECIPE = (ROOT / "Dockerfile").read_text()
STAGES = {name: parent for parent, name in re.findall(r"^FROM (\S+) AS (\S+)$", RECIPE, re.MULTILINE)}
COMMANDS = ["reelbus.dlq", "reelbus.jobs", "reelbus.keys", "reelbus.operator"]
MIGRATING = [f"services.{name}.{part}" for name in owners() for part in ("models", "migrations.env")]
REACHED = ["libs.chassis.migrations", "reelbus.stack.setup", "reelbus.credentials", *MIGRATING, *COMMANDS]
"""What the operator's image is for. `reelbus.cli` has more, within functions that nobody calls there."""


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def ancestors(stage: str) -> list[str]:
    found = [stage]
    while found[-1] in STAGES:
        found.append(STAGES[found[-1]])
    return found


def test_hadolint_has_nothing_to_say() -> None:
    lint = [program("hadolint"), str(ROOT / "Dockerfile")]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_every_image_has_a_stage_that_starts_it(name: str) -> None:
    module = "reelbus" if name == OPERATOR else f"services.{name}"
    stage = RECIPE.partition(f" AS {name}\n")[2].partition("\nFROM ")[0]
    assert f'ENTRYPOINT ["python", "-m", "{module}"]' in stage


@pytest.mark.parametrize("name", NAMES)
def test_media_and_fonts_are_where_they_are_needed(name: str) -> None:
    above = ancestors(name)
    assert ("media" in above) == (name not in WITHOUT_MEDIA)
    assert ("lettering" in above) == (name in ("transcode", "speech"))
    assert ("service" in above) == (name != OPERATOR)


def test_the_base_and_the_version_are_said_once() -> None:
    assert base() == "debian:12.15-slim"
    assert {parent for parent in STAGES.values() if parent not in STAGES} == {base(), "${SERVICE}"}
    assert f"ARG VERSION={version()}\n" in RECIPE


def test_fonts_are_those_of_set_up() -> None:
    script = (ROOT / "scripts" / "setup.sh").read_text()
    packages = re.search(r'^PACKAGES="(.*)"$', script, re.MULTILINE)
    assert packages
    installed = re.findall(r"--no-install-recommends\s(?:\\\n)?(.*?) \\\n", RECIPE)
    assert set(packages[1].split()) <= {word for line in installed for word in line.split()}


def test_models_are_those_of_the_stack() -> None:
    stack = project()["project"]["optional-dependencies"]["stack"]
    for pinned in (each for each in stack if "whisper" in each):
        assert pinned in RECIPE


@pytest.mark.parametrize("name", [name for name in NAMES if name != OPERATOR])
def test_a_service_loads_only_packages_of_its_extra(name: str) -> None:
    """What it loads late too: it would be missed in the middle of the work."""
    present = distributions(name)
    needed = packages_of([f"services.{name}.__main__", "libs.chassis.healthcheck"])
    missing = {each: where for each, where in needed.items() if not providers(each) & present}
    assert not missing


def test_the_operator_loads_only_packages_of_its_extra() -> None:
    present = distributions(OPERATOR)
    needed = packages_of(["reelbus.cli"], late=False) | packages_of(REACHED)
    missing = {each: where for each, where in needed.items() if not providers(each) & present}
    assert not missing


def test_the_stack_has_the_extra_of_every_image() -> None:
    assert set(NAMES) <= set(project()["project"]["optional-dependencies"])
    for name in NAMES:
        assert distributions(name) <= distributions("stack")


def test_everything_that_is_copied_is_sent_to_the_build_and_nothing_else() -> None:
    copied = {
        source.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.*)$", RECIPE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")]
    assert rules[0] == "*"
    allowed = {line[1:] for line in rules if line.startswith("!")}
    assert all(any(source == each or source.startswith(f"{each}/") for each in allowed) for source in copied)
    assert all(any(source.startswith(each) for source in copied) for each in allowed)
    assert not any(fnmatch("tests", each) or fnmatch(".git", each) for each in allowed)


def test_the_trial_gives_each_its_secrets_and_no_others() -> None:
    assert set(SECRETS) == set(NAMES)
    for name, files in SECRETS.items():
        assert ("reelbus_database_url" in files) == (name in ("edge", "ingest", "jobs", "sessions", OPERATOR))
        assert ("reelbus_signing_secret" in files) == (name == "edge")
