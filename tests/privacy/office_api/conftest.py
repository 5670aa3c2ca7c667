"""What programs send is answered with the rights of the process of pages."""

from typing import Any

import pytest

from tests import process_roles


@pytest.fixture(autouse=True)
def each_process_has_its_own_rights(settings: Any) -> None:
    process_roles.answer_as_processes(settings)
