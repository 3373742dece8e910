"""Settings come from the environment, each documented and bounded."""

from __future__ import annotations

import pytest

from register_api.errors import UsageError
from register_api.serve.settings import VARIABLES, Settings, from_environment


def test_without_variables_the_defaults_hold() -> None:
    """Empty variables count as not set."""
    assert from_environment({"PORT": "", "HOME": "/x"}) == Settings()


def test_every_variable_sets_its_field() -> None:
    """Values are read as the kind of their field."""
    found = from_environment(
        {"PORT": "0", "HOST": "::1", "REGISTER_STORE": "/s", "REGISTER_POLL_SECONDS": "2"}
    )
    assert (found.port, found.host, str(found.store_path), found.poll_seconds) == (0, "::1", "/s", 2.0)


def test_every_setting_is_in_the_table_once() -> None:
    """The table documents all settings, and only those."""
    fields = [field for field, _ in VARIABLES.values()]
    assert sorted(fields) == sorted(Settings.__struct_fields__)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "http"),
        ("REGISTER_POLL_SECONDS", "nan"),
        ("PORT", "\udc80"),
        ("PORT", "[" * 5000),
    ],
)
def test_a_value_that_cannot_be_is_refused(variable: str, text: str) -> None:
    """The error names the variable."""
    with pytest.raises(UsageError, match=variable) as caught:
        from_environment({variable: text})
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 1000
