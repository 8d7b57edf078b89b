"""The reading room of `accounts`: people, houses, accounts, meters, contracts, and the machine itself."""

from accounts.admin import housing, people, registry, system

__all__ = ["housing", "people", "registry", "system"]
