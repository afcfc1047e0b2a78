"""What becomes of a file or object under each reason code, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.messages import mark


@dataclass(frozen=True)
class Reason:
    """What becomes of the file or object (`rejected`, `repaired` or `noted`), and how to mend it.

    An `expected` rejection is nobody's mistake, or follows from others, and counts neither for
    `parse.max_rejected` nor for `digits check`.
    """

    verdict: str
    advice: str
    expected: bool = False


# docs/problems.md explains each with an example.
REASONS = {
    "unreadable_xml": Reason("rejected", mark("open it in the annotation tool and save it again")),
    "other_labels": Reason(
        "rejected",
        mark("bring the labels as Pascal VOC XML, each as said below"),
    ),
    "no_photo": Reason(
        "rejected",
        mark("put the photo beside the XML, under the XML's name; or take the XML elsewhere"),
    ),
    "other_photo_named": Reason(
        "noted",
        mark("look whether the XML is this photo's; its own name was believed"),
    ),
    "ambiguous_photo": Reason(
        "rejected",
        mark("put the XML into the folder of its photo, under the photo's name; delete no photo"),
    ),
    "photo_already_annotated": Reason(
        "rejected", mark("keep the XML that is right, and take the other elsewhere")
    ),
    "unreadable_photo": Reason("rejected", mark("copy the photo from the phone again")),
    "photo_too_large": Reason(
        "rejected", mark("make the photo smaller, or raise parse.max_megapixels")
    ),
    "blank_photo": Reason("rejected", mark("take the photo again: nothing can be seen on it")),
    "copies_disagree": Reason(
        "rejected",
        mark(
            "correct the XML that is wrong: these photos are the same bytes, their labels are not"
        ),
    ),
    "all_rejected": Reason(
        "rejected",
        mark("mend the boxes of this XML, each listed under its own reason"),
        expected=True,
    ),
    "all_ignored": Reason(
        "noted", mark("nothing to do: all its labels are listed in parse.ignore")
    ),
    "link_not_followed": Reason("rejected", mark("put the file itself in the link's place")),
    "not_a_file": Reason("rejected", mark("delete it: a pipe or a device holds no photo")),
    "odd_name": Reason("rejected", mark("rename it: its name has characters that are not text")),
    "unreadable_folder": Reason("rejected", mark("give yourself the right to read the folder")),
    "photo_copy": Reason("noted", mark("nothing to do: one of the equal photos is used")),
    "no_object": Reason("noted", mark("draw the boxes, or leave it if no digit shows")),
    "photo_without_xml": Reason("noted", mark("annotate it, or leave it")),
    "other_file": Reason(
        "noted", mark("it is neither photo nor XML; move it elsewhere, or leave it")
    ),
    "system_folder": Reason(
        "noted",
        mark("nothing to do: a system or a program keeps its own files there, none is used"),
    ),
    "system_file": Reason("noted", mark("nothing to do: a system's or a program's own file")),
    "size_mismatch": Reason(
        "rejected", mark("label this photo itself: the XML was drawn on one of another shape")
    ),
    "size_wrong": Reason(
        "noted", mark("nothing to do: the boxes fit the photo, the XML's size does not")
    ),
    "frame_unknown": Reason(
        "noted", mark("look at a box; if it is off, set parse.exif to upright or raw")
    ),
    "ignored_label": Reason(
        "rejected", mark("nothing to do: it is listed in parse.ignore"), expected=True
    ),
    "copied_box": Reason(
        "rejected", mark("nothing to do: the same box is used from the equal photo"), expected=True
    ),
    "not_a_digit": Reason(
        "rejected", mark("correct the label, or list it in parse.labels or parse.ignore")
    ),
    "whole_display": Reason(
        "rejected",
        mark("draw a box round each digit, labelled 0 to 9: see docs/labelling.md"),
    ),
    "no_box": Reason("rejected", mark("draw the box as a rectangle")),
    "bad_number": Reason("rejected", mark("draw the box again")),
    "not_pixels": Reason(
        "rejected",
        mark("export it again, in pixels: the program that wrote it did not"),
    ),
    "unclear_object": Reason(
        "rejected", mark("give each box an <object> of its own, with one <name> and one <bndbox>")
    ),
    "box_empty": Reason("rejected", mark("draw the box again")),
    "box_outside": Reason("rejected", mark("draw the box on the photo; is it the right photo?")),
    "duplicate_box": Reason("rejected", mark("delete one of the two boxes")),
    "conflicting_labels": Reason("rejected", mark("delete the box with the wrong label")),
    "blank_box": Reason("rejected", mark("draw the box round the digit: there is nothing in it")),
    "label_tidied": Reason("repaired", mark("nothing to do; or correct the label")),
    "box_swapped": Reason("repaired", mark("nothing to do; or draw the box again")),
    "box_clipped": Reason("repaired", mark("nothing to do; or draw the box within the photo")),
    "box_turned": Reason(
        "repaired", mark("nothing to do: the box is the upright one round the turned one")
    ),
    "box_scaled": Reason(
        "repaired", mark("nothing to do: the photo was made smaller after labelling")
    ),
    "raw_frame": Reason(
        "repaired", mark("nothing to do: its boxes were drawn before EXIF turned the photo")
    ),
    "trained_on": Reason(
        "noted",
        mark("nothing to do: the model was trained on it or on a copy, and would be flattered"),
    ),
}
EXPECTED = frozenset(code for code, its in REASONS.items() if its.expected)
