"""What is said to people, in English and Korean: one catalogue for all that parse says."""

from __future__ import annotations

import locale
import os

CATALOGUE = {
    "en": {
        "unreadable_xml": "open it in the annotation tool and save it again",
        "no_photo": "put the photo beside the XML, under the XML's name",
        "ambiguous_photo": "keep one photo of this name",
        "photo_already_annotated": "keep one XML for each photo",
        "unreadable_photo": "copy the photo from the phone again",
        "copies_disagree": "delete all but one of these equal photos, with their XML",
        "all_rejected": "mend the boxes of this XML, each listed under its own reason",
        "all_ignored": "nothing: all its labels are listed in parse.ignore",
        "link_not_followed": "put the file itself in the link's place",
        "odd_name": "rename it: its name has characters that are not text",
        "unreadable_folder": "give yourself the right to read the folder",
        "photo_copy": "nothing: one of the equal photos is used",
        "no_object": "draw the boxes, or leave it if no digit shows",
        "photo_without_xml": "annotate it, or leave it",
        "other_file": "it is neither photo nor XML; move it elsewhere, or leave it",
        "size_mismatch": "look whether the XML belongs to this photo",
        "frame_unknown": "look at a box; if it is off, set parse.exif to upright or raw",
        "ignored_label": "nothing: it is listed in parse.ignore",
        "copied_box": "nothing: the same box is used from the equal photo",
        "not_a_digit": "correct the label, or list it in parse.labels or parse.ignore",
        "no_box": "draw the box as a rectangle",
        "bad_number": "draw the box again",
        "box_empty": "draw the box again",
        "box_outside": "draw the box on the photo; is it the right photo?",
        "duplicate_box": "delete one of the two boxes",
        "conflicting_labels": "delete the box with the wrong label",
        "label_tidied": "nothing; or correct the label",
        "box_swapped": "nothing; or draw the box again",
        "box_clipped": "nothing; or draw the box within the photo",
        "raw_frame": "nothing: its boxes were drawn before EXIF turned the photo",
        "trained_on": "nothing: the model was trained on it or on a copy, and would be flattered",
        "folder_missing": "{folder}/ is missing: put photos and their XML there, "
        "or draw a sample: python -m pipeline.sample {folder}",
        "folder_empty": "{folder}/ is empty: put photos and their XML there",
        "found": "{boxes} digits on {photos} photos",
        "files": "Files: {used} used, {rejected} rejected, {noted} noted",
        "dialects": "XML by tool: {tools} (parse.coordinates and parse.exif override)",
        "worst": "Look first at: {files}",
        "where": "Each is listed in {ledger}",
        "nothing_usable": "no usable digit in {folder}/: {ledger} says why, file by file",
        "too_many": "{share} of the objects in {folder}/ are rejected, more than "
        "parse.max_rejected ({limit}): {ledger} says why, file by file",
        "check_failed": "{count} rejected in {folder}/: mend them, then check again",
        "check_empty": "{folder}/ has no box of a digit: annotate its photos, or mend parse.ignore",
        "check_passed": "Nothing is rejected in {folder}/",
    },
    "ko": {
        "unreadable_xml": "라벨링 도구에서 열어 다시 저장하세요",
        "no_photo": "XML과 같은 이름의 사진을 XML 옆에 두세요",
        "ambiguous_photo": "이 이름의 사진은 하나만 남기세요",
        "photo_already_annotated": "사진마다 XML은 하나만 남기세요",
        "unreadable_photo": "휴대폰에서 사진을 다시 복사하세요",
        "copies_disagree": "똑같은 사진은 XML과 함께 하나만 남기고 지우세요",
        "all_rejected": "이 XML의 상자를 고치세요. 상자마다 이유가 따로 있습니다",
        "all_ignored": "할 일 없음: 라벨이 모두 parse.ignore에 있습니다",
        "link_not_followed": "링크 대신 파일 자체를 넣으세요",
        "odd_name": "이름에 글자가 아닌 문자가 있으니 이름을 바꾸세요",
        "unreadable_folder": "폴더 읽기 권한을 얻으세요",
        "photo_copy": "할 일 없음: 똑같은 사진 중 하나를 사용합니다",
        "no_object": "상자를 그리세요. 숫자가 없으면 그대로 두세요",
        "photo_without_xml": "라벨링하거나 그대로 두세요",
        "other_file": "사진도 XML도 아닙니다. 다른 곳으로 옮기거나 그대로 두세요",
        "size_mismatch": "XML이 이 사진의 것인지 확인하세요",
        "frame_unknown": "상자를 확인하고, 어긋나면 parse.exif를 upright나 raw로 정하세요",
        "ignored_label": "할 일 없음: parse.ignore에 있는 라벨입니다",
        "copied_box": "할 일 없음: 똑같은 사진의 같은 상자를 사용합니다",
        "not_a_digit": "라벨을 고치거나 parse.labels 또는 parse.ignore에 적으세요",
        "no_box": "상자를 직사각형으로 그리세요",
        "bad_number": "상자를 다시 그리세요",
        "box_empty": "상자를 다시 그리세요",
        "box_outside": "상자를 사진 안에 그리세요. 맞는 사진인가요?",
        "duplicate_box": "두 상자 중 하나를 지우세요",
        "conflicting_labels": "라벨이 틀린 상자를 지우세요",
        "label_tidied": "할 일 없음. 원하면 라벨을 고치세요",
        "box_swapped": "할 일 없음. 원하면 상자를 다시 그리세요",
        "box_clipped": "할 일 없음. 원하면 상자를 사진 안에 그리세요",
        "raw_frame": "할 일 없음: EXIF가 사진을 돌리기 전에 그린 상자입니다",
        "trained_on": "할 일 없음: 모델이 이 사진이나 사본으로 학습했으므로 평가에서 뺍니다",
        "folder_missing": "{folder}/ 폴더가 없습니다. 사진과 XML을 넣거나 "
        "예제를 그리세요: python -m pipeline.sample {folder}",
        "folder_empty": "{folder}/ 폴더가 비었습니다. 사진과 XML을 넣으세요",
        "found": "사진 {photos}장에서 숫자 {boxes}개",
        "files": "파일: 사용 {used}, 거부 {rejected}, 참고 {noted}",
        "dialects": "도구별 XML: {tools} (parse.coordinates와 parse.exif로 바꿀 수 있음)",
        "worst": "먼저 볼 파일: {files}",
        "where": "전체 목록은 {ledger}에 있습니다",
        "nothing_usable": "{folder}/에 쓸 수 있는 숫자가 없습니다. 이유는 {ledger}에 있습니다",
        "too_many": "{folder}/의 객체 중 {share}가 거부되어 parse.max_rejected({limit})를 "
        "넘었습니다. 이유는 {ledger}에 있습니다",
        "check_failed": "{folder}/에서 {count}건이 거부되었습니다. 고친 뒤 다시 확인하세요",
        "check_empty": "{folder}/에 숫자 상자가 없습니다. 사진에 상자를 그리거나 "
        "parse.ignore를 고치세요",
        "check_passed": "{folder}/에서 거부된 것이 없습니다",
    },
}


def say(key: str, **values: object) -> str:
    """A message in the user's language, with its values filled in."""
    return CATALOGUE[language()][key].format(**values)


def language() -> str:
    """The user's language, of those in the catalogue: `PIPELINE_LANG`, else the locale's."""
    wishes = [os.environ.get(name) for name in ("PIPELINE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")]
    # Windows sets none of these, and its locale is called Korean_Korea.
    wish = next(filter(None, wishes), locale.getlocale()[0]) or ""
    return next((code for code in CATALOGUE if wish.lower().startswith(code)), "en")
