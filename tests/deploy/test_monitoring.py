"""Rules, their tests, dashboards, runbooks and the configuration of Prometheus, without a running stack."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from reelbus.dashboards.boards import dashboards
from reelbus.docs.operations import alerts
from reelbus.docs.pages import checkout
from reelbus.stack.services import SERVICES
from tests.deploy.promql import ROOT, RULES, rules, wanted
from tests.programs import program

MONITORING = ROOT / "deploy/monitoring"
TESTS = sorted((MONITORING / "tests").glob("*.yaml"))
BOOKS = ROOT / "docs/operations/runbooks"
COMPOSE = ROOT / "deploy/compose"
ALERTS = alerts(ROOT)
CHAPTERS = ["What it means", "See", "Likely causes", "Do", "Over when", "Escalate"]
LOOK_UPS = {
    "/api/v1/csrf-token",
    "/api/v1/jobs",
    "/api/v1/jobs/{job_id}",
    "/api/v1/jobs/{job_id}/status",
    "/api/v1/videos",
    "/api/v1/videos/{video_id}",
    "/internal/metadata-extraction-status/{file_id}",
    "/internal/video-enhancement-status/{file_id}",
    "/jobs",
    "/jobs/{job_id}",
    "/video/download",
    "/video/process/jobs/{execution_id}",
    "/video/view/all",
    "/video/view/info",
}


def promtool(*arguments: str | Path, cwd: Path = ROOT) -> None:
    command = [program("promtool"), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_are_well_formed() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", *sorted(RULES.glob("*.yaml")))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path: Path) -> None:
    promtool("test", "rules", path.name, cwd=path.parent)


def test_prometheus_of_compose_is_configured(tmp_path: Path) -> None:
    """With the rules where compose mounts them."""
    text = (COMPOSE / "prometheus.yml").read_text()
    assert "/etc/prometheus/rules/*.yaml" in text
    config = tmp_path / "prometheus.yml"
    config.write_text(text.replace("/etc/prometheus/rules", str(RULES)))
    promtool("check", "config", config)


def test_prometheus_of_compose_finds_every_service() -> None:
    (job,) = yaml.safe_load((COMPOSE / "prometheus.yml").read_text())["scrape_configs"]
    (discovery,) = job["dns_sd_configs"]
    assert sorted(discovery["names"]) == sorted(service.name for service in SERVICES)
    assert (discovery["type"], discovery["port"]) == ("A", 8080)
    assert job["relabel_configs"][0]["target_label"] == "component"


def test_grafana_of_compose_finds_its_source_and_dashboards() -> None:
    folder = COMPOSE / "grafana"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    (provider,) = yaml.safe_load((folder / "dashboards/reelbus.yaml").read_text())["providers"]
    assert (provider["type"], provider["options"]["path"]) == ("file", "/var/lib/grafana/dashboards")


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_every_alert_says_what_somebody_needs(name: str) -> None:
    for rule in ALERTS[name]:
        assert rule["labels"]["severity"] in ("critical", "warning")
        notes = rule["annotations"]
        assert set(notes) == {"summary", "description", "runbook_url"}
        assert "$value" in notes["description"] or "value" not in rule["expr"]
        assert notes["runbook_url"] == f"docs/operations/runbooks/{name}.md"
        assert (ROOT / notes["runbook_url"]).is_file()


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_every_alert_has_tests_in_which_it_fires_and_in_which_it_does_not(name: str) -> None:
    cases = [
        case["exp_alerts"]
        for path in TESTS
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test.get("alert_rule_test", ())
        if case["alertname"] == name
    ]
    fired = {alert["exp_labels"]["severity"] for case in cases for alert in case}
    assert fired == {rule["labels"]["severity"] for rule in ALERTS[name]}
    assert [] in cases


def books() -> list[Path]:
    return [path for path in sorted(BOOKS.glob("*.md")) if path.name != "README.md"]


def test_every_runbook_has_an_alert() -> None:
    assert {path.stem for path in books()} == set(ALERTS)


@pytest.mark.parametrize("path", books(), ids=lambda path: path.stem)
def test_runbooks_have_their_chapters_links_and_queries(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(f"# {path.stem}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == CHAPTERS
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (path.parent / link).exists(), link
    queries = re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
    assert queries
    for query in queries:
        assert wanted(query)


def test_runbooks_name_settings_that_there_are() -> None:
    known = set(re.findall(r"REELBUS_\w+", (ROOT / "docs/settings.md").read_text()))
    for path in books():
        assert set(re.findall(r"REELBUS_\w+", path.read_text())) <= known, path.name


def test_the_objective_of_latency_is_about_look_ups() -> None:
    """What a new route is counted as is decided here."""
    paths = json.loads((ROOT / "docs/api/openapi.json").read_text())["paths"]
    reads = {path for path, methods in paths.items() if "get" in methods}
    (rule,) = [rule for rule in rules() if rule.get("record") == "reelbus:api_slow:ratio_rate5m"]
    (pattern,) = set(re.findall(r'route!~"([^"]+)"', rule["expr"]))
    assert {path for path in reads if not re.fullmatch(pattern, path)} == LOOK_UPS


def test_dashboards_are_one_for_all_and_one_for_each_service() -> None:
    boards = dashboards()
    assert [board.uid for board in boards] == [
        "reelbus-overview",
        *(f"reelbus-{name}" for name in ("edge", "ingest", "jobs", "transcode", "analyze", "sessions",
                                         "speech", "notify")),
    ]  # fmt: skip


@pytest.mark.parametrize("board", dashboards(), ids=lambda board: board.uid)
def test_dashboards_are_whole(board: Any) -> None:
    made = json.loads(board.text())
    panels = [panel for panel in made["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in made["panels"]}) == len(made["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in made["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    for panel in panels:
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert set(re.findall(r"runbooks/(\w+)\.md", panel["description"])) <= set(ALERTS)


def test_every_alert_is_seen_on_a_dashboard() -> None:
    shown = {
        name for board in dashboards() for row in board.rows for panel in row.panels for name in panel.alerts
    }
    assert set(ALERTS) - shown == {"ReelbusTargetDown"}


def test_this_is_a_checkout() -> None:
    assert checkout() == ROOT
