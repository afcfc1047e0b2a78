"""Mutated XML and JPEG, generated folders: whatever comes, no crash, no hang, no wrong box.

A few of each in every run of the tests; `make fuzz` tries as many as FUZZ_XML, FUZZ_JPEG and
FUZZ_FOLDERS say. A failure names the seed that makes it again.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from helpers import REAL_DATA, ROOT, display, draw_photo, jpeg, voc_xml, work, write
from PIL import ExifTags, Image

from pipeline.annotations.annotation import Annotation, read_objects
from pipeline.annotations.dialects import recognise
from pipeline.annotations.folder import read_folder
from pipeline.annotations.matching import Match
from pipeline.annotations.reasons import REASONS
from pipeline.annotations.rules import Rejected
from pipeline.annotations.voc import UnreadableXml, parse_voc, read_voc
from pipeline.contracts import BOXES, PROBLEMS
from pipeline.images.photo import PhotoHeader, UnreadablePhoto, decode_photo, read_header
from pipeline.params import load_params

XML_COUNT = int(os.environ.get("FUZZ_XML", "1500"))
JPEG_COUNT = int(os.environ.get("FUZZ_JPEG", "300"))
FOLDER_COUNT = int(os.environ.get("FUZZ_FOLDERS", "60"))
MOST_WORK = 5

PARAMS = load_params(ROOT / "params.yaml").parse
SMALL = draw_photo(display("7"), size=(48, 40))
WRITTEN = sorted((Path(__file__).parent / "written_by_tools").glob("*.xml"))


def xml_seeds() -> list[bytes]:
    """XML by the tools, by hand in Korean encodings, and from the real sets where they are here."""
    real = [
        path
        for name in ("quad_led", "lcd_kwh")
        for path in sorted((REAL_DATA / name / "Annotations").glob("*.xml"))[::60]
    ]
    own = voc_xml(display("70"), "저울 7.jpg")
    return [
        *(path.read_bytes() for path in [*WRITTEN, *real]),
        own.encode("utf-8"),
        own.encode("cp949"),
        own.encode("utf-16"),
        f'<?xml version="1.0" encoding="euc-kr"?>{own}'.encode("euc-kr"),
        own.replace("<annotation>", '<annotation xmlns="urn:x">').encode("utf-8-sig"),
    ]


XML_SEEDS = xml_seeds()
TAGS = b"annotation object name bndbox xmin ymin xmax ymax size width height part filename".split()
PIECES = [
    *(form % tag for tag in TAGS for form in (b"<%s>", b"</%s>", b"<%s/>")),
    b"-1", b"0", b"1e400", b"nan", b"-inf", b"99999999999999999999", b"0.5", b"1_0", b" ", b"",
    b"&", b"&amp;", b"&x;", b"&#0;", b"&#13;", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?x?>",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xb0\xa1",
    b"\xef\xbc\x97", b"xmlns='urn:y'", b"../../../etc/passwd", b"C:\\a\\b.jpg", b"10", b"kWh",
    b"7" * 5000,
]  # fmt: skip


def mutate(content: bytes, rng: random.Random, pieces: list[bytes]) -> bytes:
    """One to six cuts, copies, swaps and insertions at random places."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + int(rng.expovariate(1 / 30)))
        match rng.randrange(6):
            case 0:
                data[start:end] = b""
            case 1:
                data[start:start] = data[start:end] * rng.randint(1, 4)
            case 2:
                data[start:end] = rng.choice(pieces)
            case 3:
                data[start:start] = rng.choice(pieces)
            case 4 if start < len(data):
                data[start] = rng.randrange(256)
            case 5:
                other = rng.randrange(len(data) + 1)
                data[other:other] = data[start:end]
    return bytes(data)


def mutate_numbers(content: bytes, rng: random.Random) -> bytes:
    """A few digits of a file changed, so that it still is XML, and its boxes are odd."""
    data = bytearray(content)
    places = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
    for place in rng.sample(places, min(len(places), rng.randint(1, 8))):
        data[place] = rng.choice(b"0123456789-.e ")
    return bytes(data)


@contextmanager
def soon(what: str) -> Iterator[None]:
    """Fail, with what it was, where it takes longer than a second or raises."""
    start = time.process_time()
    try:
        yield
    except Exception as error:
        pytest.fail(f"{what}: {type(error).__name__}: {error}")
    assert work(time.process_time() - start) < MOST_WORK, what


def assert_adds_up(objects: int, annotation, header: PhotoHeader, what: str) -> None:
    """Each object is a box in the photo, or rejected once."""
    for box, label in annotation.boxes.values():
        assert 0 <= box.xmin <= box.xmax - 2 <= header.width - 2, what
        assert 0 <= box.ymin <= box.ymax - 2 <= header.height - 2, what
        assert label in "0123456789", what
    rejected = Counter(
        number
        for number, finding in annotation.findings
        if number is not None and REASONS[finding.reason].verdict == "rejected"
    )
    assert sorted([*annotation.boxes, *rejected.elements()]) == list(range(1, objects + 1)), what


def test_mutated_xml():
    """It is read or refused with a reason; what is read adds up on photos of any orientation."""
    read = 0
    for seed in range(XML_COUNT):
        rng = random.Random(seed)
        what = f"XML seed {seed}"
        content = rng.choice(XML_SEEDS)
        content = mutate_numbers(content, rng) if seed % 3 == 0 else mutate(content, rng, PIECES)
        header = PhotoHeader(rng.choice([40, 160, 640]), rng.choice([40, 160]), rng.randint(1, 8))
        settings = {
            "coordinates": rng.choice(["auto", "zero_based", "one_based"]),
            "exif": rng.choice(["auto", "upright", "raw"]),
        }
        with soon(what):
            try:
                voc = parse_voc(content)
            except UnreadableXml as refusal:
                assert str(refusal)
                continue
            params = PARAMS.model_copy(update=settings)
            annotation = Annotation("a.xml", match=Match("a.jpg", 0))
            try:
                read_objects(annotation, voc, recognise(voc), header, params)
            except Rejected as rejected:
                annotation.objects = tuple(found.number for found in voc.objects)
                annotation.reject_whole(rejected.finding)
        assert_adds_up(len(voc.objects), annotation, header, what)
        read += 1
    assert read > XML_COUNT / 5


JPEG_SEEDS = [
    jpeg(SMALL),
    jpeg(SMALL, orientation=6),
    jpeg(SMALL, orientation=3, progressive=True),
    jpeg(SMALL.convert("L"), orientation=8),
    jpeg(SMALL.convert("CMYK")),
    jpeg(SMALL, quality=30, subsampling=2, optimize=True),
]
MARKERS = [
    b"\xff\xd9", b"\xff\xda", b"\xff\xd8", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xdb",
    b"\xff\xe1", b"\xff\xe2", b"\xff\xfe", b"\xff\xdd", b"\xff\x00", b"\xff", b"\0\0", b"\xff\xff",
    b"\x01\x12\x00\x03", b"Exif\0\0", b"MPF\0", b"ICC_PROFILE\0",
]  # fmt: skip


def saved(image_format: str, **options: object) -> bytes:
    """A small photo, stored lying on its side, in another format."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    buffer = BytesIO()
    SMALL.save(buffer, image_format, exif=exif, **options)
    return buffer.getvalue()


OTHER_SEEDS = [
    saved("PNG"),
    saved("WEBP"),
    saved("BMP"),
    saved("TIFF"),
    saved("TIFF", big_tiff=True),
    saved("TIFF", compression="tiff_lzw"),
]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    ("seeds", "count"),
    [(JPEG_SEEDS, JPEG_COUNT), (OTHER_SEEDS, JPEG_COUNT // 4)],
    ids=["JPEG", "others"],
)
def test_mutated_photos(tmp_path, seeds, count):
    """They are read, upright and of the size that the header has, or refused with a reason."""
    path = tmp_path / "a.jpg"
    read = 0
    for seed in range(count):
        rng = random.Random(seed)
        what = f"photo seed {seed}"
        content = mutate(rng.choice(seeds), rng, MARKERS)
        path.write_bytes(content)
        header = None
        with soon(what):
            try:
                header = read_header(path.read_bytes(), max_megapixels=1)
                photo = decode_photo(content)
            except UnreadablePhoto as refusal:
                assert str(refusal)
                continue
        assert photo.mode == "RGB", what
        assert photo.size == (header.width, header.height), what
        read += 1
    assert read > count / 40


NAMES = ["a", "b", "저울 7", "x/a", "x/b", "x/y/c", "C", "a.b", "Z_jpg.rf.0a1b"]
SUFFIXES = [".jpg", ".JPG", ".png", ".jpeg", ".xml", ".XML", ".txt", ""]


def fill(folder: Path, rng: random.Random) -> None:
    """Photos, XML and others, some mutated, some copies, some links."""
    folder.mkdir()
    for _ in range(rng.randint(1, 12)):
        path = folder / (rng.choice(NAMES) + rng.choice(SUFFIXES))
        if path.exists() or path.is_symlink():
            continue
        kind = rng.randrange(8)
        if kind == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(rng.choice(["a.jpg", "../outside.jpg", "x", "nowhere", path.name]))
        elif path.suffix.lower() == ".xml":
            content = rng.choice(XML_SEEDS)
            if kind > 4:
                name = rng.choice(NAMES).rpartition("/")[2] + rng.choice(SUFFIXES)
                content = voc_xml(display("70"[: rng.randint(0, 2)], left=0, top=0), name).encode()
            write(path, mutate(content, rng, PIECES) if kind < 3 else content)
        else:
            content = rng.choice(JPEG_SEEDS)
            write(path, mutate(content, rng, MARKERS) if kind < 3 else content)


def files_below(folder: Path) -> set[str]:
    """Every file and every link, as a person counts them."""
    return {
        (Path(place) / name).relative_to(folder).as_posix()
        for place, folders, files in os.walk(folder)
        for name in [*files, *(its for its in folders if (Path(place) / its).is_symlink())]
    }


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_generated_folders(tmp_path):
    """Every file has one fate, every object is used or rejected once, every box is in its photo."""
    write(tmp_path / "outside.jpg", JPEG_SEEDS[0])
    folder = tmp_path / "raw"
    for seed in range(FOLDER_COUNT):
        what = f"folder seed {seed}"
        fill(folder, random.Random(seed))
        if not (files := files_below(folder)):
            shutil.rmtree(folder)
            continue
        with soon(what):
            ledger = read_folder(folder, PARAMS)
            its_boxes, its_problems = ledger.tables()
            boxes, problems = BOXES.frame(its_boxes), PROBLEMS.frame(its_problems)
        used = {*boxes["photo"], *boxes["xml"]}
        own = problems[(problems["object"] == "") & ~problems["file"].isin(used)]
        refused = own["file"][own["verdict"] == "rejected"]
        fates = dict.fromkeys(own["file"], "noted") | dict.fromkeys(refused, "rejected")
        fates |= dict.fromkeys(used, "used")
        assert fates == ledger.files, what
        assert set(fates) == files, what
        rejected = problems[(problems["verdict"] == "rejected") & (problems["object"] != "")]
        found = Counter(zip(boxes["xml"], boxes["object"], strict=True))
        found.update(zip(rejected["file"], rejected["object"].astype(int), strict=True))
        assert found == Counter(objects_below(folder, files)), what
        for row in its_boxes:
            header = read_header((folder / row.photo).read_bytes())
            assert 0 <= row.xmin < row.xmax <= header.width, what
            assert 0 <= row.ymin < row.ymax <= header.height, what
        shutil.rmtree(folder)


def objects_below(folder: Path, files: set[str]) -> Iterator[tuple[str, int]]:
    """Each object of each XML that can be read, by its number."""
    for file in files:
        path = folder / file
        if (
            file.lower().endswith(".xml")
            and path.is_file()
            and "outside" not in str(path.resolve())
        ):
            try:
                yield from ((file, its.number) for its in read_voc(path).objects)
            except UnreadableXml:
                continue


def test_the_seeds_are_good_files():
    """Untouched they are read, so that what mutation spoils is its own doing."""
    assert all(parse_voc(content).objects for content in XML_SEEDS)
    assert all(
        isinstance(decode_photo(content), Image.Image) for content in JPEG_SEEDS + OTHER_SEEDS
    )
