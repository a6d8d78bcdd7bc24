"""Settings of tokens: secrets stay in them, and what cannot work is refused at once."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from services.edge.settings import AuthSettings, EdgeSettings
from tests.signing import jwk, pem, rsa_key


def test_nothing_is_set() -> None:
    found = AuthSettings()
    assert (found.jwt_secret.get_secret_value(), found.jwt_jwks) == ("", None)
    assert (found.jwt_audience, found.jwt_issuer) == (None, None)


def test_what_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET", "JWKS", "AUDIENCE", "ISSUER"):
        monkeypatch.setenv(f"REELBUS_JWT_{name}", "")
    assert AuthSettings() == AuthSettings(_env_file=None)
    assert (AuthSettings().jwt_jwks, AuthSettings().jwt_audience, AuthSettings().jwt_issuer) == (None,) * 3


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELBUS_JWT_SECRET", "hunter2")
    monkeypatch.setenv("REELBUS_JWT_JWKS", "https://id.example/keys")
    monkeypatch.setenv("REELBUS_JWT_AUDIENCE", "reelbus")
    found = AuthSettings()
    assert found.jwt_secret.get_secret_value() == "hunter2"
    assert "hunter2" not in f"{found!r} {found.model_dump_json()}"
    assert (found.jwt_jwks, found.jwt_audience) == ("https://id.example/keys", "reelbus")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET", pem(rsa_key()).decode()),
        ("SECRET", json.dumps(jwk(rsa_key()))),
        ("JWKS", "ftp://id.example/keys"),
        ("JWKS", "https://ann:hunter2@id.example/keys"),
        ("JWKS_PAUSE", "0"),
        ("JWKS_INTERVAL", "0"),
        ("JWKS_INTERVAL", "4000"),
    ],
)
def test_nonsense_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"REELBUS_JWT_{name}", value)
    with pytest.raises(ValidationError, match=f"jwt_{name.lower()}"):
        AuthSettings()


@pytest.mark.parametrize(
    ("name", "value"), [("JWT_SECRET", '{"kty":"oct","k":"hunter2"}'), ("MOTION_TOKENS", "hunter2,два")]
)
def test_secrets_that_are_refused_do_not_show(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"REELBUS_{name}", value)
    with pytest.raises(ValidationError) as error:
        EdgeSettings()
    assert "hunter2" not in str(error.value)
