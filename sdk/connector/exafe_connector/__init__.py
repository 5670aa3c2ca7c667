"""The system's side of the privacy portal's protocol for connected systems."""

from exafe_connector.adapters.adapter import Adapter, Counts, Person, Unsupported, Values
from exafe_connector.application import Connector
from exafe_connector.keys import Keys, make_keys, read_keys
from exafe_connector.store import Store
from exafe_connector.verbs import System

__all__ = [
    "Adapter",
    "Connector",
    "Counts",
    "Keys",
    "Person",
    "Store",
    "System",
    "Unsupported",
    "Values",
    "make_keys",
    "read_keys",
]
