"""A folder of photos and XML as a ledger: every file and object is used or accounted for."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pipeline.annotations.annotation import Annotation, AnnotationReader
from pipeline.annotations.equal_photos import same_boxes, same_bytes
from pipeline.annotations.formats import A_FILE_A_PHOTO, HOW_TO_EXPORT, recognise
from pipeline.annotations.known import read_annotations
from pipeline.annotations.ledger import Ledger, printable
from pipeline.annotations.listing import list_files
from pipeline.annotations.matching import PhotoFinder
from pipeline.annotations.reasons import EXPECTED
from pipeline.annotations.rules import Finding
from pipeline.contracts import BoxRow, ObjectRow
from pipeline.messages import mark
from pipeline.params import ParseParams
from pipeline.runtime.errors import UserError

_IS_MISSING = mark("{folder}/ is missing: give the folder that holds photos and their XML")
_RAW_IS_MISSING = mark(
    "{folder}/ is missing: put photos and their XML there, or draw a sample: digits sample {folder}"
)


def read_folder(
    folder: Path, params: ParseParams, cores: int | None = None, record: Path | None = None
) -> Ledger:
    """Read every annotation below `folder`; paths in the ledger are relative to it, with `/`.

    At most `cores` work at once. What `record` knows of an earlier call is not read again. Raises
    `UserError` where the folder is missing or empty; all else is entered in the ledger.
    """
    if not folder.is_dir():
        raise UserError(_RAW_IS_MISSING if folder == Path("raw") else _IS_MISSING, folder=folder)
    listing = list_files(folder)
    if not len(listing):
        raise UserError("{folder}/ is empty: put photos and their XML there", folder=folder)
    ledger = Ledger()
    reader = AnnotationReader(folder, PhotoFinder(listing.photos), params)
    annotations = read_annotations(reader, listing, record, cores)
    _settle_copies(folder, _settle_rivals(annotations))
    for annotation in annotations:
        _enter(annotation, ledger)
    for file in listing.photos:
        if file not in ledger.files:
            ledger.note_file(file, Finding("photo_without_xml", ""))
    without = {PurePosixPath(its).stem for its in listing.photos if ledger.files[its] != "used"}
    for file, finding in listing.others.items():
        ledger.note_file(file, _other_labels(folder / file, finding, without) or finding)
    return ledger


def _other_labels(path: Path, finding: Finding, without: set[str]) -> Finding | None:
    """A finding of labels in another format, where a file that is set aside holds such.

    `without` are the photos that are not used, by their stems. Where the labels are of none of
    them, they are here as Pascal VOC too.
    """
    if finding != ("other_file", ""):
        return None
    name = recognise(path)
    if name is None or (name in A_FILE_A_PHOTO and path.stem not in without):
        return None
    if name != "zip archive" and not without:
        return None
    return Finding("other_labels", f"{name}: {HOW_TO_EXPORT[name]}")


def _settle_rivals(annotations: list[Annotation]) -> dict[str, Annotation]:
    """Reject all annotations of a photo but the surest, which are returned by their photos.

    The XML beside a photo under its name is surest; one that only names it in its <filename> must
    not take it away.
    """
    first: dict[str, Annotation] = {}
    matched = [(its.match, its) for its in annotations if its.match]
    for match, annotation in sorted(matched, key=lambda pair: pair[0].rank):
        surest = first.setdefault(match.photo, annotation)
        if surest is not annotation:
            finding = Finding("photo_already_annotated", f"{match.photo} by {surest.xml}")
            annotation.reject_whole(finding)
            annotation.match = None
    return first


def _settle_copies(folder: Path, read: dict[str, Annotation]) -> None:
    """Of photos with the same bytes keep the first where their boxes agree; else none."""
    for group in same_bytes(folder, [photo for photo, its in read.items() if its.boxes]):
        first, *others = (read[photo] for photo in group)
        if all(same_boxes(first.boxes.values(), other.boxes.values()) for other in others):
            for other in others:
                copied = f"{other.photo} is a copy of {first.photo}"
                other.reject(Finding("photo_copy", copied), Finding("copied_box", copied))
        else:
            finding = Finding("copies_disagree", " and ".join(group[:3]))
            for annotation in (first, *others):
                annotation.reject(finding, finding)


def _enter(annotation: Annotation, ledger: Ledger) -> None:
    """Enter an XML and its photo, which share their fate: both are used, or have a row each."""
    xml, photo = annotation.xml, annotation.photo
    if annotation.dialect:
        ledger.dialects[annotation.dialect] += 1
    for file in (xml, photo) if photo else (xml,):
        if annotation.boxes:
            ledger.files[file] = "used"
        else:
            unused = annotation.unused or Finding(_why_unused(annotation), f"{photo} by {xml}")
            ledger.note_file(file, unused)
    for number, finding in sorted(annotation.findings, key=lambda entry: entry[0] or 0):
        ledger.note(xml, number, finding)
    placed = zip(annotation.boxes.items(), annotation.places, strict=True)
    for (number, (box, label)), place in placed:
        ledger.boxes.append(BoxRow(photo, xml, number, label, *box, *place))
    for number, (box, label) in annotation.others.items() if annotation.boxes else ():
        ledger.others.append(ObjectRow(photo, xml, number, printable(label), *box))


def _why_unused(annotation: Annotation) -> str:
    """The reason why none of an annotation's objects is used, each of which is rejected."""
    ignored = {number for number, its in annotation.findings if its.reason in EXPECTED}
    return "all_ignored" if ignored.issuperset(annotation.objects) else "all_rejected"
