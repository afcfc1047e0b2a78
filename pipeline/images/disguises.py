"""What a file is that bears a photo's name and is none, and what to do about it."""

from __future__ import annotations

# By how the file begins, in any case, behind white space.
_BEGINNINGS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the photo: `git lfs pull` fetches it"),
    (b"<!doctype html", "a web page, not the photo: download it again, logged in"),
    (b"<html", "a web page, not the photo: download it again, logged in"),
    (b"<?xml", "XML, not a photo"),
    (b"<svg", "a drawing (SVG), not a photo"),
    (b"%pdf", "a PDF, not a photo: export its pictures as JPEG"),
    (b"pk\x03\x04", "a zip archive, not a photo: unpack it"),
    (b"rar!", "an archive, not a photo: unpack it"),
    (b"outs:", "a .dvc file, not the photo: `dvc pull` fetches it"),
)


def what_it_is(content: bytes) -> str:
    """What a file is that no photo's decoder knows, as far as its beginning tells."""
    if not content.strip(b"\0"):
        return "an empty file: copy the photo again" if not content else "nothing but zeros"
    start = content[:64].lstrip().lower()
    if content[4:8] == b"ftyp":
        return "a video, or a photo of a kind that cannot be opened here: save it as JPEG"
    return next(
        (words for beginning, words in _BEGINNINGS if start.startswith(beginning)), "not a photo"
    )
