"""What the program says: in English as the code has it, in Korean as `locale/ko` translates it.

After a change of a text, `make messages` brings the catalogue up to date; its new entries wait for
their translation.
"""

from __future__ import annotations

import gettext
import locale
import os
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "ko")
DOMAIN = "pipeline"
CATALOGUES = Path(__file__).parent / "locale"


def say(message: str, /, **values: object) -> str:
    """A message in the user's language, with its values filled in where it has `{name}`."""
    return say_in(language(), message, **values)


def say_in(code: str, message: str, /, **values: object) -> str:
    """A message in the language `code`, one of `LANGUAGES`, with its values filled in."""
    # The empty text stands for the catalogue's own header.
    translated = _catalogue(code).gettext(message) if message else ""
    return translated.format(**values) if values else translated


def mark(message: str) -> str:
    """The message itself, marked for the catalogue: `say` gets it later, as a variable."""
    return message


def language() -> str:
    """The user's language, one of `LANGUAGES`: `PIPELINE_LANG`, else the locale's."""
    wishes = [os.environ.get(name) for name in ("PIPELINE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")]
    # Windows sets none of these, and its locale is called Korean_Korea.
    wish = next(filter(None, wishes), locale.getlocale()[0]) or ""
    return next((code for code in LANGUAGES if wish.lower().startswith(code)), "en")


def use_language() -> None:
    """Let the standard library's own texts, argparse's above all, come from the same catalogue."""
    os.environ["LANGUAGE"] = language()
    gettext.bindtextdomain(DOMAIN, str(CATALOGUES))
    gettext.textdomain(DOMAIN)


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, str(CATALOGUES), [code], fallback=code == "en")
