"""What the plugins of this folder share. Each is a pytest plugin for another project's own tests: it puts kernad in the
place of that project's class, and names the tests that do not apply, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest


def leave_out(items: list[Any], reasons: Mapping[str, str]) -> None:
    """Skip tests by the beginning of their names."""
    for item in items:
        for name, reason in reasons.items():
            if item.name == name or item.name.startswith(name + "["):
                item.add_marker(pytest.mark.skip(reason=reason))
