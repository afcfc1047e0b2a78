"""Values that SQLite and PostgreSQL keep alike: exact numbers, and moments in UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType


class _SqliteNumeric(UserDefinedType[Decimal]):
    """SQLite's own NUMERIC: it is given a text, which it makes a number where nothing is lost."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in `CREATE TABLE`."""
        return "NUMERIC"

    def bind_processor(self, dialect: Dialect) -> Callable[[Decimal | None], str | None]:
        """A number as text, with all of its digits."""
        return lambda value: None if value is None else f"{value:f}"

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], Decimal | None]:
        """What SQLite made of it, by the shortest decimal that it stands for."""
        return lambda value: None if value is None else Decimal(str(value))


class Exact(TypeDecorator[Decimal]):
    """A NUMERIC that comes back as the `Decimal` that it was, on SQLite up to 15 digits."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLAlchemy's own goes through floats on SQLite."""
        own = _SqliteNumeric() if dialect.name == "sqlite" else Numeric()
        return dialect.type_descriptor(own)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC: `TIMESTAMP WITH TIME ZONE`, on SQLite a text without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The same moment by the clock of UTC."""
        return None if value is None else value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives no time zone: it was UTC."""
        if value is None:
            return None
        return (
            value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)
        )


def now() -> datetime:
    """This moment in UTC, as this machine's clock has it."""
    return datetime.now(timezone.utc)
