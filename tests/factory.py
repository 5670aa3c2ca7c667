"""The factory: plain functions, valid by default, one module for each app in ``tests/factories``."""

from tests.factories.accounts import *  # noqa: F403
from tests.factories.consents import *  # noqa: F403
from tests.factories.devices import *  # noqa: F403
from tests.factories.disclosures import *  # noqa: F403
from tests.factories.incidents import *  # noqa: F403
from tests.factories.policies import *  # noqa: F403
from tests.factories.processors import *  # noqa: F403
from tests.factories.retention import *  # noqa: F403
from tests.factories.rights import *  # noqa: F403
from tests.factories.safeguards import *  # noqa: F403
from tests.factories.subjects import *  # noqa: F403
from tests.factories.systems import *  # noqa: F403
from tests.factories.vault import *  # noqa: F403
