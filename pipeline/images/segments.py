"""Which of its seven segments a display lights for each digit."""

from __future__ import annotations

# a is the top bar, then on clockwise to f; g is the middle one.
LIT = {
    "0": "abcdef",
    "1": "bc",
    "2": "abdeg",
    "3": "abcdg",
    "4": "bcfg",
    "5": "acdfg",
    "6": "acdefg",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
}
