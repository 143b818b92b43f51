"""What a test needs and does not find: said loudly here, a failure in continuous integration."""

import os
from typing import NoReturn

import pytest


def skip_or_fail(message: str) -> NoReturn:
    """Skip the test, saying what was not checked; where CI is set, fail it."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
