"""Downloads from URLs of strangers: nothing inside the own network can be reached or learned through them.

A URL is parsed strictly; its name is resolved once, every address of it must be public, and the
connection goes to a checked address. Each redirect is checked anew. Sizes, times and headers are bounded.
"""

from __future__ import annotations

from libs.chassis.fetch.addresses import Address, is_public
from libs.chassis.fetch.fetcher import Fetched, Fetcher
from libs.chassis.fetch.reach import HTTP, HTTPS, Reach
from libs.chassis.fetch.rules import FetchRules

__all__ = ["HTTP", "HTTPS", "Address", "FetchRules", "Fetched", "Fetcher", "Reach", "is_public"]
