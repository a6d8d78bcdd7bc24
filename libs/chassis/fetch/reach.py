"""How far URLs of strangers may reach on this installation."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from libs.chassis.fetch.addresses import Address, is_public
from libs.chassis.fetch.rules import FetchRules
from libs.chassis.settings import FetchSettings

HTTPS = frozenset({"https"})
HTTP = frozenset({"http", "https"})
"""Schemes."""


@dataclass(frozen=True)
class Reach:
    """The public internet and `networks`, by `ports`."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ports: frozenset[int] = frozenset({80, 443})

    @classmethod
    def of(cls, settings: FetchSettings) -> Reach:
        networks = tuple(ip_network(each) for each in settings.fetch_networks)
        return cls(networks, frozenset(int(port) for port in settings.fetch_ports))

    def allows(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self.networks)

    def rules(self, schemes: frozenset[str] = HTTPS, **bounds: Any) -> FetchRules:
        """`bounds` are fields of `FetchRules`; without any they are those of a URL that is only looked at."""
        return FetchRules(**({"max_size": 0} | bounds), schemes=schemes, ports=self.ports)
