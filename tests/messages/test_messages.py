"""What is said, and in which language."""

from __future__ import annotations

import argparse
import locale

import pytest

from pipeline.messages import LANGUAGES, language, say, say_in, use_language

LANGUAGE_VARIABLES = ("PIPELINE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
FOUND = "{boxes} digits on {photos} photos"


def has_hangul(text):
    return any("가" <= letter <= "힣" for letter in text)


@pytest.fixture
def in_language(monkeypatch):
    """Speak a language, the standard library too."""

    def choose(code):
        monkeypatch.setenv("PIPELINE_LANG", code)
        monkeypatch.setenv("LANGUAGE", code)  # so that it is put back afterwards
        use_language()

    yield choose
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"PIPELINE_LANG": "ko"}, "ko"),
        ({"PIPELINE_LANG": "ko_KR.UTF-8"}, "ko"),
        ({"PIPELINE_LANG": "KO"}, "ko"),
        ({"PIPELINE_LANG": "en", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"PIPELINE_LANG": "", "LANG": "ko_KR.UTF-8"}, "ko"),
        ({"PIPELINE_LANG": "fr"}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LC_ALL": "ko_KR.UTF-8", "LANG": "en_US.UTF-8"}, "ko"),
        ({"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LC_MESSAGES": "ko_KR", "LANG": "en_US"}, "ko"),
    ],
)
def test_the_language_is_the_users(monkeypatch, variables, wanted):
    """PIPELINE_LANG comes first, then the locale; it is English where neither is known."""
    for name in LANGUAGE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == wanted


@pytest.mark.parametrize(
    ("name", "wanted"), [("Korean_Korea", "ko"), ("ko_KR", "ko"), ("en_US", "en"), (None, "en")]
)
def test_without_variables_the_system_is_asked(monkeypatch, name, wanted):
    """Windows sets no variable and has a locale with a name of its own."""
    for variable in LANGUAGE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "949"))
    assert language() == wanted


def test_values_are_filled_in(in_language):
    """A message has its values in either language."""
    in_language("ko")
    assert say(FOUND, boxes=12, photos=3) == "사진 3장에서 숫자 12개"
    in_language("en")
    assert say(FOUND, boxes=12, photos=3) == "12 digits on 3 photos"


def test_a_value_may_have_any_name_and_any_braces():
    """The values' names do not meet those of the functions' own parameters."""
    assert say_in("en", "{message} of {code}", message="{a}", code="{}") == "{a} of {}"


def test_an_unknown_text_is_said_as_it_is():
    """A text that is not in the catalogue is said in English, and an empty one not at all."""
    for code in LANGUAGES:
        assert say_in(code, "no such text") == "no such text"
        assert say_in(code, "") == ""


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="missing"),
        pytest.param(["1", "--unknown"], id="unknown"),
        pytest.param(["9"], id="no choice"),
        pytest.param(["one"], id="no number"),
        pytest.param(["1", "--name"], id="without its value"),
        pytest.param(["1", "--pair", "1"], id="one of two values"),
        pytest.param(["1", "--red", "--blue"], id="exclusive"),
        pytest.param(["1", "--n", "1"], id="ambiguous"),
        pytest.param(["1", "--red=1"], id="with a value"),
    ],
)
def test_argparse_tells_what_is_wrong_in_korean(in_language, capsys, arguments):
    """On every Python version, whatever a user mistypes."""
    in_language("ko")
    parser = argparse.ArgumentParser("digits")
    parser.add_argument("number", type=int, choices=[1, 2])
    parser.add_argument("--name")
    parser.add_argument("--note")
    parser.add_argument("--pair", nargs=2)
    colours = parser.add_mutually_exclusive_group()
    colours.add_argument("--red", action="store_true")
    colours.add_argument("--blue", action="store_true")
    with pytest.raises(SystemExit):
        parser.parse_args(arguments)
    usage, *_, error = capsys.readouterr().err.splitlines()
    assert usage.startswith("사용법: digits")
    what = error.removeprefix("digits: 오류: ")
    assert what != error
    assert has_hangul(what)


def test_argparse_helps_in_the_users_language(in_language, capsys):
    """The headings and the help of `--help` itself; English again where English is asked for."""
    in_language("en")
    parser = argparse.ArgumentParser("digits")
    assert "show this help message and exit" in parser.format_help()
    in_language("ko")
    text = argparse.ArgumentParser("digits").format_help()
    assert text.splitlines()[0] == "사용법: digits [-h]"
    assert "이 도움말을 보여 주고 끝냅니다" in text
    in_language("en")
    assert argparse.ArgumentParser("digits").format_help().startswith("usage: digits [-h]")
