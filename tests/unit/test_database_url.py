"""One URL, read by SQLAlchemy and by asyncpg."""

from __future__ import annotations

import pytest

from libs.chassis.database import asyncpg_url


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("postgresql+asyncpg://u:p@h:5432/d", "postgresql://u:p@h:5432/d"),
        ("postgresql+asyncpg://u:p@h/d?ssl=require", "postgresql://u:p@h/d?sslmode=require"),
        (
            "postgresql+asyncpg://u:p%40@h/d?ssl=verify-full&application_name=jobs",
            "postgresql://u:p%40@h/d?sslmode=verify-full&application_name=jobs",
        ),
    ],
)
def test_what_is_written_for_sqlalchemy_is_read_by_asyncpg(written: str, read: str) -> None:
    assert asyncpg_url(written) == read
