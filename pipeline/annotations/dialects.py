"""Which frame an annotation's boxes are in: the photo as stored, or as EXIF turns it upright."""

from __future__ import annotations

from pipeline.images.photo import PhotoHeader


def is_in_raw_frame(size: tuple[str, str], photo: PhotoHeader) -> bool:
    """Whether boxes were drawn on the photo as stored, told by the annotation's own size.

    Only orientations that swap width and height (5 to 8) can be told so; others are taken as
    upright, as labelImg from 1.8.4 and CVAT write them.
    """
    upright = (str(photo.width), str(photo.height))
    return photo.orientation >= 5 and size != upright and size == upright[::-1]


def to_upright(
    box: tuple[float, float, float, float], photo: PhotoHeader
) -> tuple[float, float, float, float]:
    """Carry a box (xmin, ymin, xmax, ymax) from the stored frame into the upright one.

    The orientations are those of EXIF 2.32, tag 0x0112, of which 5 to 8 transpose.
    """
    x1, y1, x2, y2 = box
    width, height = photo.width, photo.height
    match photo.orientation:
        case 5:
            return y1, x1, y2, x2
        case 6:
            return width - y2, x1, width - y1, x2
        case 7:
            return width - y2, height - x2, width - y1, height - x1
        case 8:
            return y1, height - x2, y2, height - x1
    return box
