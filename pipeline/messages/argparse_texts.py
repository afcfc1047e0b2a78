"""What the standard library's argparse says, marked so that the catalogue translates it too.

Its texts in Python 3.10 to 3.14, letter for letter, but for those that only tell a programmer of a
mistake. `use_language` makes argparse look them up in our catalogue.
"""

from __future__ import annotations

from pipeline.messages import mark


def mark_plural(one: str, many: str) -> tuple[str, str]:
    """A text that argparse has in two forms, marked for the catalogue."""
    return one, many


TEXTS = (
    mark("usage: "),
    mark("%(heading)s:"),
    mark("positional arguments"),
    mark("options"),
    mark("subcommands"),
    mark("show this help message and exit"),
    mark("show program's version number and exit"),
    mark(" (default: %(default)s)"),
    mark("%(prog)s: error: %(message)s\n"),
    mark("%(prog)s: warning: %(message)s\n"),
    mark("argument %(argument_name)s: %(message)s"),
    mark("the following arguments are required: %s"),
    mark("one of the arguments %s is required"),
    mark("unrecognized arguments: %s"),
    mark("not allowed with argument %s"),
    mark("ignored explicit argument %r"),
    mark("expected one argument"),
    mark("expected at most one argument"),
    mark("expected at least one argument"),
    mark("ambiguous option: %(option)s could match %(matches)s"),
    mark("unexpected option string: %s"),
    mark("invalid %(type)s value: %(value)r"),
    mark("invalid choice: %(value)r (choose from %(choices)s)"),
    mark("invalid choice: %(value)r, maybe you meant %(closest)r? (choose from %(choices)s)"),
    mark("unknown parser %(parser_name)r (choices: %(choices)s)"),
    mark("can't open '%(filename)s': %(error)s"),
    mark("command '%(parser_name)s' is deprecated"),
    mark("option '%(option)s' is deprecated"),
    mark("argument '%(argument_name)s' is deprecated"),
)
PLURALS = (mark_plural("expected %s argument", "expected %s arguments"),)
