"""Photos that arrive in a folder stand in the database once each, whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from helpers import command_environment, display, draw_photo, furnish, jpeg, write
from replaying import RULES, Replay
from rows import add_correction
from sqlalchemy import func, select, update

from pipeline.params import RecordParams, RuleParams, load_params
from pipeline.runtime.errors import UserError
from service.commands import record
from service.database.opening import open_database
from service.database.schema import failure, file, photo, reading, weight
from service.database.types import now
from service.recording.arrivals import Arrivals
from service.recording.crew import Crew, ReaderPlan, Task
from service.recording.failures import pause_after, remaining_pause
from service.recording.recorder import Recorder
from service.recording.storing import station_of

HARNESS = Path(__file__).with_name("replaying.py")
KILLS = int(os.environ.get("KILLS", "30"))


def fill(folder, count, start=0):
    """Photos of which each shows the number that it is called by."""
    for number in range(start, start + count):
        reading = f"{number:04}"
        name = f"{reading[:2]}.{reading[2:]}.jpg"
        write(folder / f"press_{number % 2}" / name, jpeg(draw_photo(display(reading))))


def numbers_of(folder):
    """What an independent look at the folder says should be known: path to number."""
    return {path.relative_to(folder).as_posix(): path.stem for path in folder.rglob("*.jpg")}


@contextmanager
def process(folder, url, *options):
    """The recorder as a process of its own, ended hard at the end if it still runs."""
    running = subprocess.Popen(
        [sys.executable, HARNESS, folder, url, *options], env=command_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def stored(url):
    """Each photo's path and text, as often as it stands in the view."""
    with open_database(url).connect() as connection:
        return sorted(
            tuple(row) for row in connection.execute(select(weight.c.path, weight.c.text))
        )


def recorder(url, folder, model="replay"):
    return Recorder(open_database(url), folder, Replay(0, model), RULES, patience=5)


def wait_until(true, seconds=30):
    """Wait for something that is to come; fails where it does not."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)


def test_each_photo_stands_once_and_a_second_run_adds_nothing(url, tmp_path):
    folder = tmp_path / "photos"
    fill(folder, 6)
    for _ in range(2):
        recorder(url, folder).record()
        assert stored(url) == sorted(numbers_of(folder).items())


@pytest.mark.slow
def test_killed_thirty_times_the_outcome_is_that_of_an_undisturbed_run(url, tmp_path):
    folder = tmp_path / "photos"
    fill(folder, 150)
    open_database(url).dispose()
    moments = random.Random(0)
    killed = 0
    for number in range(KILLS):
        with process(folder, url, "--pace", "0.01") as running:
            # Some before it has begun, most while it stores.
            time.sleep(0.3 + moments.random() * 1.5)
            killed += running.poll() is None
            running.send_signal(signal.SIGKILL)
            running.wait()
        fill(folder, 20, start=150 + 20 * number)
        expected = set(numbers_of(folder).items())
        found = stored(url)
        assert len(found) == len(set(found))
        assert set(found) <= expected
    assert killed > KILLS / 2
    with process(folder, url) as running:
        assert running.wait(timeout=60) == 0
    assert stored(url) == sorted(numbers_of(folder).items())
    with open_database(url).connect() as connection:
        assert connection.scalar(select(func.count()).select_from(file)) == len(numbers_of(folder))


@pytest.mark.slow
def test_two_at_once_store_each_photo_once(url, tmp_path):
    folder = tmp_path / "photos"
    fill(folder, 60)
    with (
        process(folder, url, "--pace", "0.01") as one,
        process(folder, url, "--pace", "0.01") as two,
    ):
        assert (one.wait(timeout=60), two.wait(timeout=60)) == (0, 0)
    assert stored(url) == sorted(numbers_of(folder).items())


@pytest.mark.slow
def test_a_database_that_is_gone_for_ten_seconds_loses_nothing(postgres, tmp_path):
    url = postgres.new("gone")
    folder = tmp_path / "photos"
    fill(folder, 60)
    with process(folder, url, "--watch", "--pace", "0.05") as running:
        wait_until(lambda: len(stored(url)) > 10)
        postgres.stop()
        time.sleep(10)
        postgres.start()
        wait_until(lambda: len(stored(url)) == 60)
        running.kill()
        assert "the database is away" in running.stdout.read()
    assert stored(url) == sorted(numbers_of(folder).items())


def test_a_locked_database_is_waited_for(tmp_path):
    url = f"sqlite:///{tmp_path}/weights.db"
    folder = tmp_path / "photos"
    fill(folder, 3)
    engine = open_database(url)
    with process(folder, url) as running:
        with engine.begin(), pytest.raises(subprocess.TimeoutExpired):
            running.wait(timeout=3)
        assert running.wait(timeout=40) == 0
    assert len(stored(url)) == 3


@pytest.mark.slow
def test_what_arrives_while_watching_is_recorded_as_it_is_whole(tmp_path):
    """A photo copied slowly, a share that goes away and comes back, a folder made meanwhile."""
    url = f"sqlite:///{tmp_path}/weights.db"
    folder = tmp_path / "photos"
    fill(folder, 2)
    content = jpeg(draw_photo(display("1234")))
    with process(folder, url, "--watch") as running:
        wait_until(lambda: len(stored(url)) == 2)
        with (folder / "12.34.jpg").open("wb") as slow:
            for start in range(0, len(content), len(content) // 8):
                slow.write(content[start : start + len(content) // 8])
                slow.flush()
                time.sleep(0.2)
        wait_until(lambda: len(stored(url)) == 3)
        folder.rename(tmp_path / "away")
        time.sleep(1.5)
        fill(tmp_path / "away", 2, start=50)
        (tmp_path / "away").rename(folder)
        wait_until(lambda: len(stored(url)) == 5)
        running.kill()
        log = running.stdout.read()
    assert stored(url) == sorted(numbers_of(folder).items())
    assert "is away" in log
    assert "is back" in log


def test_a_half_copied_photo_fails_and_is_recorded_once_it_is_whole(url, tmp_path):
    folder = tmp_path / "photos"
    whole = jpeg(draw_photo(display("1234")))
    write(folder / "12.34.jpg", whole[: len(whole) // 2])
    recorder(url, folder).record()
    with open_database(url).connect() as connection:
        row = connection.execute(select(failure)).one()
        assert (row.path, row.attempts) == ("12.34.jpg", 1)
        assert row.next_attempt > row.last_at
    assert stored(url) == []
    write(folder / "12.34.jpg", whole)
    recorder(url, folder).record()
    assert stored(url) == [("12.34.jpg", "12.34")]
    with open_database(url).connect() as connection:
        assert connection.execute(select(failure)).all() == []


def test_a_file_that_stays_broken_is_tried_with_growing_pauses(url, tmp_path):
    folder = tmp_path / "photos"
    write(folder / "1.jpg", b"no photo")
    pauses = []
    for _ in range(3):
        recorder(url, folder).record()
        with open_database(url).connect() as connection:
            row = connection.execute(select(failure)).one()
            pauses.append((row.next_attempt - row.last_at).total_seconds())
    assert pauses[0] < pauses[1] < pauses[2]
    assert row.attempts == 3


def test_a_pause_has_an_end_even_where_the_clock_jumps():
    assert pause_after(1000) == 3600
    in_a_year = now() + timedelta(days=365)
    assert remaining_pause(in_a_year, 1000) == 3600
    assert remaining_pause(now() - timedelta(days=365), 1) == 0


def test_a_copy_of_a_photo_is_the_same_photo(url, tmp_path):
    folder = tmp_path / "photos"
    content = jpeg(draw_photo(display("1234")))
    for name in ("press_1/12.34.jpg", "press_2/12.34 (2).jpg"):
        write(folder / name, content)
    recorder(url, folder).record()
    with open_database(url).connect() as connection:
        assert connection.scalar(select(photo.c.sha256)) == hashlib.sha256(content).hexdigest()
        assert len(connection.execute(select(reading)).all()) == 1
        assert len(connection.execute(select(file)).all()) == 2


def test_renamed_photos_are_not_read_again(url, tmp_path):
    folder = tmp_path / "photos"
    fill(folder, 4)
    recorder(url, folder).record()
    (folder / "press_0").rename(folder / "line")
    second = recorder(url, folder)
    second.record()
    assert second.outcomes == {"known": 2}
    # They are found where they are now.
    assert stored(url) == sorted(numbers_of(folder).items())


def test_another_model_reads_again_what_nobody_has_answered_and_back(url, tmp_path):
    folder = tmp_path / "photos"
    fill(folder, 3)
    recorder(url, folder).record()
    with open_database(url).begin() as connection:
        answered = connection.scalar(select(reading.c.id).order_by(reading.c.id).limit(1))
        add_correction(connection, answered, "correct", "7", Decimal(7))

    def models():
        with open_database(url).connect() as connection:
            rows = connection.execute(select(weight.c.reading_id, weight.c.model))
            return dict(map(tuple, rows))

    for _ in range(2):
        recorder(url, folder, "newer").record(again=True)
        assert sorted(models().values()) == ["newer", "newer", "replay"]
        assert models()[answered] == "replay"
    recorder(url, folder).record(again=True)
    assert set(models().values()) == {"replay"}
    with open_database(url).connect() as connection:
        assert len(connection.execute(select(reading)).all()) == 5


def test_a_photo_that_is_read_again_has_its_looks_as_they_are_told_today(url, tmp_path):
    """Another version of this program may tell them in another way: copies would not be found."""
    folder = tmp_path / "photos"
    fill(folder, 1)
    recorder(url, folder).record()

    def looks():
        with open_database(url).connect() as connection:
            return connection.scalar(select(photo.c.perceptual_hash))

    today = looks()
    with open_database(url).begin() as connection:
        connection.execute(update(photo).values(perceptual_hash="f" * 64))
    recorder(url, folder, "newer").record(again=True)
    assert looks() == today != "f" * 64


def test_one_file_that_cannot_be_stored_stops_no_other(url, tmp_path):
    """A name that is no UTF-8, which is older than the rest, and a time of the year 2286."""
    folder = tmp_path / "photos"
    content = jpeg(draw_photo(display("1234")))
    write(folder / "12.34.jpg", content)
    write(folder / "1.jpg", jpeg(draw_photo(display("1"))))
    os.utime(folder / "1.jpg", (10_000_000_000, 10_000_000_000))
    odd = os.fsencode(folder) + b"/\xff7.jpg"
    with open(odd, "wb") as file:  # noqa: PTH123 - no path of Python's has such a name
        file.write(content)
    os.utime(odd, (0, 0))
    recorder(url, folder).record()
    assert stored(url) == [("1.jpg", "1"), ("12.34.jpg", "12.34")]
    with open_database(url).connect() as connection:
        assert "rename it" in connection.execute(select(failure)).one().reason


def test_a_failure_goes_with_its_file(url, tmp_path):
    folder = tmp_path / "photos"
    fill(folder, 1)
    broken = write(folder / "1.jpg", b"no photo")
    recorder(url, folder).record()
    broken.unlink()
    recorder(url, folder).record()
    with open_database(url).connect() as connection:
        assert connection.execute(select(failure)).all() == []


def test_an_empty_folder_may_be_a_share_that_is_away(url, tmp_path):
    folder = tmp_path / "photos"
    write(folder / "1.jpg", b"no photo")
    recorder(url, folder).record()
    folder.rename(tmp_path / "away")
    folder.mkdir()
    recorder(url, folder).record()
    with open_database(url).connect() as connection:
        assert len(connection.execute(select(failure)).all()) == 1


def test_half_a_photo_that_could_be_decoded_waits_until_it_is_old(tmp_path):
    """Of a BMP, room that a copying program has made shows as black."""
    content = BytesIO()
    draw_photo(display("1234")).save(content, "BMP")
    path = write(tmp_path / "1.bmp", content.getvalue())
    arrivals = Arrivals(tmp_path, {})
    assert (arrivals.scan(), arrivals.scan(), arrivals.unsettled) == ([], [], 1)
    os.utime(path, (time.time() - 100, time.time() - 100))
    assert (arrivals.scan(), arrivals.scan()) == ([], ["1.bmp"])


def test_the_station_is_known_however_its_letters_are_put_together():
    decomposed = unicodedata.normalize("NFD", "프레스")
    rules = RecordParams(spot_checks=0.0, stations={"프레스": RuleParams(largest=1.0)})
    assert station_of(f"{decomposed}/a.jpg") == "프레스"
    assert rules.rules_of(station_of(f"{decomposed}/a.jpg")).largest == 1.0


def test_a_database_file_that_was_taken_away_is_told(tmp_path):
    url, folder = f"sqlite:///{tmp_path}/weights.db", tmp_path / "photos"
    fill(folder, 1)
    its = recorder(url, folder)
    its.record()
    for its_file in tmp_path.glob("weights.db*"):
        its_file.unlink()
    fill(folder, 2)
    with pytest.raises(UserError, match="was taken away"):
        its.record()


@pytest.mark.slow
def test_a_reader_that_was_killed_while_it_waited_is_replaced(tmp_path):
    """And what it should have read next is read by another."""
    furnish(tmp_path)
    params = load_params(tmp_path / "params.yaml")
    task = Task("a", jpeg(draw_photo(display("12345"))))
    with Crew(ReaderPlan(tmp_path / "models", params.read, params.machine), 1) as crew:
        (first,) = crew.read([task])
        (child,) = [
            its for its in psutil.Process().children() if "spawn_main" in " ".join(its.cmdline())
        ]
        child.kill()
        child.wait()
        shutil.rmtree(tmp_path / "models")
        (second,) = crew.read([task])
    assert first == second
    assert first.readings[0].text


def test_a_changed_file_is_another_photo(url, tmp_path):
    folder = tmp_path / "photos"
    write(folder / "12.34.jpg", jpeg(draw_photo(display("1234"))))
    recorder(url, folder).record()
    write(folder / "12.34.jpg", jpeg(draw_photo(display("1234"), seed=1)))
    recorder(url, folder).record()
    with open_database(url).connect() as connection:
        assert len(connection.execute(select(photo)).all()) == 2
        assert len(connection.execute(select(file)).all()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets few users make links")
def test_no_link_is_followed(url, tmp_path):
    folder = tmp_path / "photos"
    outside = write(tmp_path / "outside" / "12.34.jpg", jpeg(draw_photo(display("1234"))))
    folder.mkdir()
    (folder / "12.34.jpg").symlink_to(outside)
    (folder / "more").symlink_to(outside.parent)
    os.mkfifo(folder / "1.jpg")
    write(folder / "7.jpg", jpeg(draw_photo(display("7"))))
    recorder(url, folder).record()
    assert stored(url) == [("7.jpg", "7")]


def test_photos_are_left_as_they_are(url, tmp_path):
    folder = tmp_path / "photos"
    fill(folder, 4)
    write(folder / "broken.jpg", b"no photo")
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*")}
    recorder(url, folder).record()
    assert {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in folder.rglob("*")} == before


def test_a_name_that_is_a_command_is_a_name(url, tmp_path):
    folder = tmp_path / "photos"
    name = "12.34'; DROP TABLE photo; --\n.jpg"
    write(folder / name, jpeg(draw_photo(display("1234"))))
    recorder(url, folder).record()
    assert stored(url) == [(name, "12.34")]


def test_the_station_is_the_folder_below(url, tmp_path):
    folder = tmp_path / "photos"
    fill(folder, 2)
    write(folder / "9.jpg", jpeg(draw_photo(display("9"))))
    recorder(url, folder).record()
    with open_database(url).connect() as connection:
        found = connection.execute(select(photo.c.path, photo.c.station)).all()
    assert dict(map(tuple, found)) == {
        "press_0/00.00.jpg": "press_0", "press_1/00.01.jpg": "press_1", "9.jpg": "",
    }  # fmt: skip


def test_a_phone_s_clock_is_kept_as_it_showed(url, tmp_path):
    folder = tmp_path / "photos"
    content = jpeg(draw_photo(display("1234")))
    path = write(folder / "12.34_IMG_20240304_082021.jpg", content)
    os.utime(path, (0, 0))
    recorder(url, folder).record()
    with open_database(url).connect() as connection:
        row = connection.execute(select(photo)).one()
    assert row.taken_at == datetime(2024, 3, 4, 8, 20, 21)
    assert (row.taken_offset, row.taken_source) == (None, "name")
    assert abs(now() - row.arrived_at) < timedelta(minutes=1)


@pytest.mark.slow
def test_digits_record_reads_real_photos_and_says_what_failed(tmp_path):
    """The command as it is typed, with its networks and its processes."""
    folder = tmp_path / "photos"
    write(folder / "press_1" / "a.jpg", jpeg(draw_photo(display("12345"))))
    write(folder / "b.jpg", b"no photo")
    url = f"sqlite:///{tmp_path}/weights.db"
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.commands", "record", folder, "--database", url],
        env=command_environment(), capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "1 photos recorded, 0 were known already, 1 could not be read" in done.stderr
    assert re.search(r"b\.jpg: not a photo", done.stderr)
    with open_database(url).connect() as connection:
        row = connection.execute(select(reading).join(photo)).one()
    assert re.fullmatch("[0-9a-f]{12}", row.model)


def test_a_folder_that_is_a_file_is_told(tmp_path):
    file = write(tmp_path / "photos", "no folder")
    with pytest.raises(UserError, match="is no folder"):
        record.main([str(file), "--database", f"sqlite:///{tmp_path}/weights.db"])
