"""The form in which edges see a credential."""

import pytest

from server.auth.principal import ANONYMOUS, DEFAULT_ACCOUNT, PrincipalKind


def test_nobody_has_no_rights():
    assert ANONYMOUS.kind is PrincipalKind.ANONYMOUS
    assert (ANONYMOUS.sub, ANONYMOUS.meeting_id, ANONYMOUS.key_id) == (None, None, None)
    assert ANONYMOUS.account == DEFAULT_ACCOUNT


def test_claims_cannot_be_changed():
    with pytest.raises(TypeError):
        ANONYMOUS.claims["sub"] = "ada"  # type: ignore[index]
