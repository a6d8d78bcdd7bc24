"""The public port: caddy in front of the edge and notify replicas."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from reelbus.stack import host as machine_host
from reelbus.stack import probes
from reelbus.stack.layout import Layout
from reelbus.stack.servers import Machine
from reelbus.stack.specs import ProcessSpec

# A refused connection is tried again, so a restarting replica costs time, not errors. uvicorn closes idle
# connections after 5 s; dropping ours sooner avoids sending a request down one that is just being closed.
# Caddy writes X-Forwarded-For, -Host and -Proto itself; the other two would be whatever a client sent.
UPSTREAM = """\
lb_policy {policy}
lb_try_duration 10s
lb_try_interval 100ms
header_up -X-Forwarded-Port
header_up -X-Forwarded-Prefix
transport http {{
	dial_timeout 2s
	keepalive 3s
}}"""

# Only worth it when there is another replica to go to: a lone one answers its own errors. A replica that
# stops says so for `REELBUS_SHUTDOWN_DELAY` and goes on answering, so that all requests have answers.
PASSIVE_HEALTH = "fail_duration 1s"
HEALTH = f"""\
{PASSIVE_HEALTH}
health_uri /serving
health_interval 1s
health_timeout 5s
health_fails 2"""

MOTION_ANSWER = (
    '{"detail":"The service does not answer; try again.","error_code":"SERVICE_UNAVAILABLE",'
    '"timestamp":"{{now.UTC.Format "2006-01-02T15:04:05Z"}}"}'
)
JOBS_ANSWER = '{"error":"Service Unavailable","message":"The service does not answer; try again."}'
VIDEOCRAFT_ANSWER = (
    '{"error":"The service does not answer; try again.","code":"SERVICE_UNAVAILABLE",'
    '"timestamp":"{{now.UTC.Format "2006-01-02T15:04:05Z"}}","request_id":"req_{http.request.uuid}"}'
)
MOTION_PHOTO = ("/prepare", "/convert", "/thumbnail", "/cleanup", "/preview")
"""Paths of the family whose errors have a code and a time."""
JOBS = ("/jobs", "/uploads", "/outputs")
"""Paths of the family whose errors have a name and a message."""
VIDEOCRAFT = ("/api/v1", "/health", "/live", "/ready", "/metrics")
"""Paths of the family whose errors have a code, a time and the id of their request."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The replicas of a service, as Caddy is told of them: `addresses` that are known, or what `finds` them;
    `health` says how those that are away are passed over."""

    addresses: str = ""
    finds: str = ""
    health: str = ""


def local(ports: Sequence[int]) -> Upstream:
    """Replicas on this machine."""
    addresses = " ".join(f"127.0.0.1:{port}" for port in ports)
    return Upstream(addresses=addresses, health=HEALTH if len(ports) > 1 else "")


def named(name: str, port: int) -> Upstream:
    """As many replicas as the name has addresses now."""
    return Upstream(finds=f"dynamic a {name} {port} {{\n\trefresh 2s\n}}", health=PASSIVE_HEALTH)


def config_path(layout: Layout) -> Path:
    return layout.caddy / "Caddyfile"


def config(*, host: str, port: int, health_port: int, edge: Upstream, notify: Upstream) -> str:
    """The Caddyfile. Bodies are streamed both ways, an early refusal included: without full duplex it waits
    for more of a body whose client waits for the answer. Errors are logged with their requests, but without
    credentials (Caddy itself leaves out `Authorization`). `/ws/*` goes to notify, all else to the edge."""
    return f"""\
{{
	admin off
	auto_https off
	persist_config off
	grace_period 5s
	servers {{
		enable_full_duplex
		timeouts {{
			read_header 10s
			idle 2m
		}}
	}}
	skip_install_trust
	log {{
		output stderr
		level INFO
		format filter {{
			request>uri query {{
				replace token REDACTED
				replace key REDACTED
			}}
			request>headers>X-Api-Key replace REDACTED
			request>headers>X-Csrf-Token replace REDACTED
			request>headers>Sec-Websocket-Protocol replace REDACTED
			request>headers>Referer delete
		}}
	}}
}}

http://:{health_port} {{
	bind 127.0.0.1
	respond /live 200
}}

http://:{port} {{
	bind {_bind(host)}
	handle /ws/* {{
{_indent(_proxy(notify, policy="least_conn"), 2)}
	}}
	handle {{
{_indent(_proxy(edge, policy="round_robin"), 2)}
	}}
	handle_errors 502 503 504 {{
		header Content-Type application/json
		header Retry-After 3
		@motion path {" ".join(f"{path} {path}/*" for path in MOTION_PHOTO)}
		handle @motion {{
			templates {{
				mime application/json
			}}
			respond `{MOTION_ANSWER}` 503
		}}
		@videocraft path {" ".join(f"{path} {path}/*" for path in VIDEOCRAFT)}
		handle @videocraft {{
			header X-Request-ID req_{{http.request.uuid}}
			templates {{
				mime application/json
			}}
			respond `{VIDEOCRAFT_ANSWER}` 503
		}}
		@jobs path {" ".join(f"{path} {path}/*" for path in JOBS)}
		respond @jobs `{JOBS_ANSWER}` 503
		respond `{{"detail":"The service does not answer; try again."}}` 503
	}}
}}
"""


def compose_config() -> str:
    """The Caddyfile of `docker-compose.yml`. A proxy before it, which has TLS for instance, is believed when
    `REELBUS_PROXIES` names its networks: else all clients would be that proxy, and share its limits."""
    head = (
        "# Made by `reelbus docs build` from reelbus/stack/gateway.py: what the embedded gateway does too.\n"
    )
    edge, notify = named("edge", 8080), named("notify", 8080)
    host = "0.0.0.0"  # noqa: S104 (of the container; what is published of it Compose says)
    text = config(host=host, port=8000, health_port=8001, edge=edge, notify=notify)
    believing = "\t\ttrusted_proxies static {$REELBUS_PROXIES:127.0.0.1/32}\n\t\ttrusted_proxies_strict\n"
    return head + text.replace("\tservers {\n", f"\tservers {{\n{believing}", 1)


def process(layout: Layout, ports: Mapping[str, int], needs: Sequence[str], machine: Machine) -> ProcessSpec:
    """`ports` holds `caddy` (public) and `caddy-health`."""
    healthy = probes.http(ports["caddy-health"], "/live")
    run = ("run", "--adapter", "caddyfile", "--config", str(config_path(layout)))
    home = {"HOME": layout.caddy, "XDG_CONFIG_HOME": layout.caddy, "XDG_DATA_HOME": layout.caddy}
    return ProcessSpec(
        name="caddy",
        argv=(*machine.guard[Signals.SIGKILL], str(machine_host.binary("caddy")), *run),
        env={**machine.env, **{key: str(path) for key, path in home.items()}},
        port=ports["caddy"],
        rank=20,
        ready=healthy,
        live=healthy,
        needs=tuple(needs),
    )


def _proxy(upstream: Upstream, policy: str) -> str:
    parts = (upstream.finds, UPSTREAM.format(policy=policy), "flush_interval -1", upstream.health)
    head = " ".join(filter(None, ("reverse_proxy", upstream.addresses)))
    return f"{head} {{\n{_indent(chr(10).join(filter(None, parts)), 1)}\n}}"


def _bind(host: str) -> str:
    return json.dumps(host)


def _indent(text: str, depth: int) -> str:
    return "\n".join("\t" * depth + line for line in text.splitlines())
