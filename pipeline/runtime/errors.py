"""What stops a command that is no defect of ours."""

from __future__ import annotations

from pipeline.messages import say


class UserError(Exception):
    """What stops a command and what to do about it, in the user's language.

    `message` is English, for the catalogue, with `{name}` for each of the values.
    """

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(say(message, **values))
