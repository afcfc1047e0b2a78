"""A sentence with values, said later in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.messages import say


@dataclass(frozen=True)
class Sentence:
    """English, for the catalogue, with `{name}` for each of the values."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return say(self.text, **self.values)
