"""Work on many tasks: in order, in processes where it pays, and over when its caller is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from helpers import command_environment, contents
from joblib import cpu_count

from pipeline import parallel
from pipeline.command import UserError

IN_PROCESSES = (
    "from pipeline import command, crop, parallel\n"
    "parallel._LOOK = parallel._WORTH_PROCESSES = 0\n"
    "command.run(crop.main)\n"
)


def process_of(task):
    return task, os.getpid()


def kill_its_process(task):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(cpu_count() == 1, reason="on one core, no process is started")
def test_processes_give_their_results_in_order():
    """And none is done in this one."""
    results = list(parallel.map_processes(process_of, range(300)))
    assert [task for task, _ in results] == list(range(300))
    assert os.getpid() not in {process for _, process in results}


def test_a_little_work_starts_no_process():
    """A hundred quick tasks are done where they are."""
    results = list(parallel.map_photos(process_of, range(100), "test"))
    assert results == [(task, os.getpid()) for task in range(100)]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a matter of POSIX")
def test_a_killed_process_is_told():
    """As the kernel does it where memory runs out: a message, no traceback."""
    with pytest.raises(UserError, match="want of memory"):
        list(parallel.map_processes(kill_its_process, range(10)))


def cut_in_processes(workplace, cores=2):
    """The crop stage, running, whose first photos threads cut and the others processes."""
    # Into a file: a pipe would stay open with processes that outlive a killed run.
    with (workplace.folder / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-c", IN_PROCESSES], cwd=workplace.folder, stderr=log,
            env=command_environment() | {"LOKY_MAX_CPU_COUNT": str(cores)},
            start_new_session=True,
        )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux" or cpu_count() == 1, reason="no copied process")
def test_an_impatient_stop_ends_it_all(tmp_path):
    """Ctrl-C, twice, amid long tasks with many more to come: over, without a traceback."""
    slow = (
        "import signal, time\n"
        "from pathlib import Path\n"
        "from pipeline import command, parallel\n"
        # A shell's background job, as a CI may be, is started with Ctrl-C ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def work(number):\n"
        "    Path(f'{number}.begun').touch()\n"
        "    time.sleep(0.3)\n"
        "command.run(lambda: list(parallel.map_processes(work, range(1000))))\n"
    )
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(
            [sys.executable, "-c", slow], cwd=tmp_path, stderr=log, env=command_environment(),
            start_new_session=True,
        )  # fmt: skip
    while running.poll() is None and not any(tmp_path.glob("*.begun")):
        time.sleep(0.01)
    for _ in range(2):
        os.killpg(running.pid, signal.SIGINT)
        time.sleep(0.1)
    assert running.wait(timeout=60) == 130
    assert (tmp_path / "log").read_text(encoding="utf-8") == ""
    assert len(list(tmp_path.glob("*.begun"))) < 100


@pytest.fixture
def cropped(workplace):
    """A workplace whose many photos are cut, and every file of its data/."""
    workplace.add_displays(80)
    workplace.do("parse", "crop")
    expected = contents(workplace.folder / "data")
    for path in workplace.digits.rglob("*.jpg"):
        path.unlink()
    return workplace, expected


@pytest.mark.parametrize("cores", [1, 2])
def test_processes_cut_the_same_bytes(cropped, cores):
    """Every file of data/ is what threads write; on one core, too."""
    workplace, expected = cropped
    assert cut_in_processes(workplace, cores).wait() == 0
    assert "400 written" in (workplace.folder / "log").read_text(encoding="utf-8")
    assert contents(workplace.folder / "data") == expected


@pytest.mark.skipif(os.name != "posix", reason="signals are a matter of POSIX")
@pytest.mark.parametrize("whom", [os.kill, os.killpg])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_is_made_good(cropped, how, whom):
    """Killed, or Ctrl-C, amid its processes' work, with or without them: then run again."""
    workplace, expected = cropped
    running = cut_in_processes(workplace)
    # Threads cut no more than the first photos.
    while running.poll() is None and len(list(workplace.digits.rglob("*.jpg"))) < 200:
        time.sleep(0.001)
    whom(running.pid, how)
    running.wait()
    assert "Traceback" not in (workplace.folder / "log").read_text(encoding="utf-8")
    again = workplace.run("crop")
    assert again.returncode == 0, again.stderr
    assert contents(workplace.folder / "data") == expected
