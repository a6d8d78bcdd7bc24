"""Which connections the policies allow, against a table: one too many is found as one too few."""

from __future__ import annotations

import copy
import json
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest

from libs.chassis.fetch import addresses
from tests.deploy.rendered import COMPONENT, NAME, SERVICES, Object, named, of_kind, trees

TREES = ["kustomize prod", "helm prod"]
PODS = (*SERVICES, "operator")
DATABASE = ("edge", "ingest", "jobs", "sessions", "operator")
STORAGE = ("edge", "ingest", "transcode", "analyze", "sessions", "speech", "operator")

Edge = tuple[str, str, str]
"""From, to, port: services, names of places, and `namespace:…` or networks as the policies have them."""

SERVERS = "10.20.0.0/24"
INTERNET = ("0.0.0.0/0", "2000::/3")
ALLOWED: set[Edge] = {
    *(("namespace:gateway", name, "TCP 8080") for name in ("edge", "notify")),
    *(("namespace:monitoring", name, "TCP 8080") for name in PODS),
    *(
        (name, "namespace:kube-system k8s-app=kube-dns", f"{kind} 53")
        for name in PODS
        for kind in ("UDP", "TCP")
    ),
    *((name, "namespace:observability", "TCP 4318") for name in PODS),
    *((name, SERVERS, "TCP 4222") for name in PODS),
    *((name, SERVERS, "TCP 5432") for name in DATABASE),
    *((name, SERVERS, f"TCP {port}") for name in STORAGE for port in (9000, 443)),
    *(("ingest", place, f"TCP {port}") for place in INTERNET for port in (80, 443)),
    *(("edge", place, "TCP 443") for place in INTERNET),
}


def selected(policy: Object) -> list[str]:
    """The services whose pods a policy is about."""
    selector = policy["spec"]["podSelector"]
    assert selector["matchLabels"] == {NAME: "reelbus"}
    expressions = selector.get("matchExpressions", [])
    if not expressions:
        return [*PODS]
    (only,) = expressions
    assert (only["key"], only["operator"]) == (COMPONENT, "In")
    return [each for each in PODS if each in only["values"]]


def place(peer: Object) -> str:
    """A peer of a rule; what is not understood here is not passed over."""
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    (name,) = peer["namespaceSelector"]["matchLabels"].values()
    pods = peer.get("podSelector", {}).get("matchLabels", {})
    assert not peer.keys() - {"namespaceSelector", "podSelector"}
    return " ".join([f"namespace:{name}", *(f"{key}={value}" for key, value in pods.items())])


def edges(objects: list[Object]) -> set[Edge]:
    found: set[Edge] = set()
    for policy in of_kind(objects, "NetworkPolicy"):
        for direction, side in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(direction, []):
                assert rule[side], "no peers are all peers"
                assert rule["ports"], "no ports are all ports"
                for peer in rule[side]:
                    for port in rule["ports"]:
                        assert port.keys() == {"port", "protocol"}
                        for name in selected(policy):
                            ends = (place(peer), name) if direction == "ingress" else (name, place(peer))
                            found.add((*ends, f"{port['protocol']} {port['port']}"))
    return found


@pytest.mark.parametrize("tree", TREES)
def test_exactly_these_connections(tree: str) -> None:
    assert edges(trees()[tree]) == ALLOWED


@pytest.mark.parametrize("side", ["ingress", "egress"])
def test_one_connection_too_many_is_found(side: str) -> None:
    objects = copy.deepcopy(trees()["kustomize prod"])
    rules = [each["spec"][side] for each in of_kind(objects, "NetworkPolicy") if side in each["spec"]]
    rules[0][0]["from" if side == "ingress" else "to"].append({"ipBlock": {"cidr": "10.9.9.9/32"}})
    assert edges(objects) > ALLOWED


@pytest.mark.parametrize("tree", TREES)
def test_all_else_is_denied_to_all_pods(tree: str) -> None:
    denied = [
        policy
        for policy in of_kind(trees()[tree], "NetworkPolicy")
        if set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not policy["spec"].keys() & {"ingress", "egress"}
    ]
    assert [selected(each) for each in denied] == [[*PODS]]
    for each in of_kind(trees()[tree], "Deployment"):
        labels = each["spec"]["template"]["metadata"]["labels"]
        assert labels[NAME] == "reelbus"
        assert labels[COMPONENT] in PODS


@pytest.mark.parametrize("tree", TREES)
def test_the_internet_has_no_private_address(tree: str) -> None:
    """Nor any other that the fetcher closes: the first and the last one of each of its networks."""
    inside = [
        str(each)
        for networks in (addresses._CLOSED_V4, addresses._CLOSED_V6)
        for network in networks
        for each in (network[0], network[-1])
    ]
    inside += ["fd00::1", "fe80::1", "::1", "::ffff:10.0.0.1"]
    assert not any(addresses.is_public(ip_address(each)) for each in inside)
    for policy in of_kind(trees()[tree], "NetworkPolicy"):
        for rule in policy["spec"].get("egress", []):
            blocks = [peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer]
            for block in blocks if {each["cidr"] for each in blocks} == {*INTERNET} else []:
                assert block["except"]
                reached = [
                    each
                    for each in inside
                    if ip_address(each) in ip_network(block["cidr"])
                    and not any(ip_address(each) in ip_network(no) for no in block.get("except", []))
                ]
                assert not reached


@pytest.mark.parametrize("tree", [*TREES, "kustomize network"])
@pytest.mark.parametrize(("policy", "services"), [("to-internet", ["ingest"]), ("to-key-set", ["edge"])])
def test_the_internet_is_what_the_fetcher_calls_public(tree: str, policy: str, services: list[str]) -> None:
    """Whole networks, and none that the fetcher would let through."""
    found = named(trees()[tree], "NetworkPolicy", f"reelbus-{policy}")
    assert selected(found) == services
    (rule,) = found["spec"]["egress"]
    four, six = (peer["ipBlock"] for peer in rule["to"])
    assert (four["cidr"], six["cidr"]) == (str(ip_network("0.0.0.0/0")), str(addresses._UNICAST_V6))
    assert {*map(ip_network, four["except"])} == {*addresses._CLOSED_V4}
    assert {*map(ip_network, six["except"])} == {*addresses._CLOSED_V6}


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("service", ["edge", "ingest"])
def test_closed_networks_are_reached_by_no_policy(tree: str, service: str) -> None:
    """But the servers' own."""
    closed: list[IPv4Network | IPv6Network] = [*addresses._CLOSED_V4, *addresses._CLOSED_V6]
    blocks = [
        peer["ipBlock"]
        for policy in of_kind(trees()[tree], "NetworkPolicy")
        if service in selected(policy)
        for rule in policy["spec"].get("egress", [])
        for peer in rule["to"]
        if "ipBlock" in peer and peer["ipBlock"]["cidr"] != SERVERS
    ]
    assert {each["cidr"] for each in blocks} == {*INTERNET}
    assert [str(network) for network in closed if any(reaches(block, network) for block in blocks)] == []


def reaches(block: Object, network: IPv4Network | IPv6Network) -> bool:
    """Whether some address of `network` is let through. Networks lie within each other or apart."""
    whole = ip_network(block["cidr"])
    return _within(network, whole) and not any(_within(network, no) for no in block.get("except", []))


def _within(network: IPv4Network | IPv6Network, other: str | IPv4Network | IPv6Network) -> bool:
    larger = ip_network(other)
    if isinstance(network, IPv4Network):
        return isinstance(larger, IPv4Network) and network.subnet_of(larger)
    return isinstance(larger, IPv6Network) and network.subnet_of(larger)


def test_a_network_that_is_left_open_is_found() -> None:
    block = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/9", "192.168.0.0/16"]}
    assert reaches(block, IPv4Network("10.0.0.0/8"))
    assert reaches(block, IPv4Network("168.63.129.16/32"))
    assert not reaches(block, IPv4Network("192.168.0.0/16"))
    assert not reaches(block, IPv6Network("2002::/16"))


def test_the_component_alone_lets_servers_be_private_only() -> None:
    everything = trees()["kustomize network"]
    servers = {end for start, end, port in edges(everything) if port in {"TCP 4222", "TCP 5432", "TCP 9000"}}
    assert servers == {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"}


@pytest.mark.parametrize("tree", TREES)
def test_the_route_takes_away_what_no_gateway_writes(tree: str) -> None:
    """Of `X-Forwarded-*` that links are made of."""
    for rule in named(trees()[tree], "HTTPRoute", "reelbus")["spec"]["rules"]:
        (only,) = rule["filters"]
        assert only["requestHeaderModifier"] == {"remove": ["X-Forwarded-Port", "X-Forwarded-Prefix"]}


@pytest.mark.parametrize("tree", TREES)
def test_production_believes_fewer_than_all_private_addresses(tree: str) -> None:
    trusted = json.loads(next(iter(settings(tree)))["REELBUS_TRUSTED_PROXIES"])
    assert trusted
    assert all(ip_network(each).prefixlen >= 16 for each in trusted)


def settings(tree: str) -> list[dict[str, str]]:
    return [
        each["data"] for each in of_kind(trees()[tree], "ConfigMap") if "REELBUS_HTTP_PORT" in each["data"]
    ]
