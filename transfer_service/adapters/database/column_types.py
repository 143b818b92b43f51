"""Column types that keep Python's own values, the same on SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, Dialect, Enum
from sqlalchemy.types import TypeDecorator

WORD_CHARS = 24


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, kept in UTC to the microsecond. Raises ValueError (as a StatementError) for a naive one."""

    impl = DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    @property
    def python_type(self) -> type[datetime]:
        """What its values are."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - theirs
        """The instant in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - theirs
        """The instant, aware of its zone; SQLite keeps none."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[tuple[str, ...]]):
    """A tuple of words, as a JSON list."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - theirs
        """A list."""
        return None if value is None else list(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ANN401, ARG002 - theirs
        """A tuple."""
        return None if value is None else tuple(value)


class Identifiers(TypeDecorator[tuple[UUID, ...]]):
    """A tuple of UUIDs, as a JSON list."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[UUID] | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - theirs
        """A list of strings."""
        return None if value is None else [str(identifier) for identifier in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[UUID, ...] | None:  # noqa: ANN401, ARG002 - theirs
        """A tuple of UUIDs."""
        return None if value is None else tuple(UUID(text) for text in value)


class Pairs(TypeDecorator[tuple[tuple[Any, Any], ...]]):
    """A tuple of pairs of numbers or words, as a JSON list of lists: byte spans, (part number, ETag)."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - theirs
        """A list of lists."""
        return None if value is None else [list(pair) for pair in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[tuple[Any, Any], ...] | None:  # noqa: ANN401, ARG002 - theirs
        """A tuple of tuples."""
        return None if value is None else tuple((left, right) for left, right in value)


def word_of(kind: type[StrEnum]) -> Enum:
    """One of an enum's values, kept as text and checked by the database."""
    return Enum(
        kind,
        name=kind.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=WORD_CHARS,
        values_callable=lambda members: [member.value for member in members],
    )
