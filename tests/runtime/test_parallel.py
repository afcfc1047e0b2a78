"""Work on many tasks: in order, in processes where it pays, and over when its caller is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from helpers import command_environment, contents

from pipeline.runtime import parallel
from pipeline.runtime.errors import UserError
from pipeline.runtime.start import stopped

# With processes for whatever number of photos, on whatever system.
IN_PROCESSES = (
    "from pipeline import crop\n"
    "from pipeline.runtime import command, parallel\n"
    "parallel.FEWEST_FOR_PROCESSES = 0\n"
    "if __name__ == '__main__':\n"
    "    command.run(crop.main)\n"
)


def process_of(task):
    return task, os.getpid()


def kill_its_process(task):
    os.kill(os.getpid(), signal.SIGKILL)


def fail_at_7(task):
    if task == 7:
        raise ValueError(f"task {task}")
    return task


class TwoPartError(Exception):
    """An error that pickle takes apart, but cannot put together again."""

    def __init__(self, file, why):
        super().__init__(f"{file}: {why}")


def fail_in_two_parts(task):
    raise TwoPartError(f"{task}.jpg", "strange")


def fail_with_a_function(task):
    raise ValueError("strange", lambda: task)


@pytest.mark.parametrize("cores", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_processes_give_their_results_in_order(count, cores):
    """No task is done in this process, and each is done in one of as many as there are cores."""
    results = list(parallel.map_processes(process_of, range(count), cores))
    assert [task for task, _ in results] == list(range(count))
    processes = {process for _, process in results}
    assert len(processes) == min(count, cores)
    assert os.getpid() not in processes


@pytest.mark.parametrize(("count", "in_processes"), [(-1, False), (0, True)])
def test_processes_are_started_from_a_number_of_tasks_on(count, in_processes):
    """Fewer tasks are done in this process, as starting others would take longer."""
    tasks = range(parallel.FEWEST_FOR_PROCESSES + count)
    results = list(parallel.map_photos(process_of, tasks, "test", cores=2))
    assert [task for task, _ in results] == list(tasks)
    assert (os.getpid() not in {process for _, process in results}) == in_processes


def test_one_core_starts_no_process():
    """However many tasks there are, they are done in this process."""
    results = list(parallel.map_photos(process_of, range(2000), "test", cores=1))
    assert {process for _, process in results} == {os.getpid()}


@pytest.mark.parametrize("how", [parallel.map_processes, parallel.map_threads])
def test_an_error_of_a_task_is_raised_in_its_place(how):
    """The results before it are given; the error is the task's own."""
    results = how(fail_at_7, range(20), 2)
    with pytest.raises(ValueError, match="task 7"):
        for expected, result in enumerate(results):
            assert result == expected


@pytest.mark.parametrize("fail", [fail_in_two_parts, fail_with_a_function])
def test_an_error_that_no_process_can_send_is_told_as_what_it_is(fail):
    """It is no lack of memory; some libraries teach pickle to send it all the same."""
    with pytest.raises(Exception, match="strange") as told:
        list(parallel.map_processes(fail, range(3), 2))
    assert not isinstance(told.value, UserError)


def test_threads_are_not_far_ahead_of_what_is_taken():
    """Results that wait would fill the memory."""
    begun = []
    results = parallel.map_threads(begun.append, range(1000), 2)
    for taken in range(1, 50):
        next(results)
        assert len(begun) <= taken + 10
    results.close()
    assert len(begun) < 70


def test_a_caller_that_stops_early_leaves_no_process():
    """Whoever wants no more results ends the processes."""
    results = parallel.map_processes(process_of, range(1000), 2)
    _, process = next(results)
    results.close()
    assert not psutil.pid_exists(process)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a matter of POSIX")
def test_a_killed_process_is_told():
    """The kernel kills one where memory runs out; there is a message, and no traceback."""
    with pytest.raises(UserError, match="want of memory"):
        list(parallel.map_processes(kill_its_process, range(10), 2))


def cut_in_processes(workplace, cores=2):
    """The crop stage, running, whose photos processes cut where there are cores."""
    # Into a file: a pipe would stay open with processes that outlive a killed run.
    with (workplace.folder / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-c", IN_PROCESSES], cwd=workplace.folder, stderr=log,
            env=command_environment() | {"LOKY_MAX_CPU_COUNT": str(cores)},
            start_new_session=True,
        )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="no copied process")
@pytest.mark.parametrize("pause", [0.01, 0.03, 0.1])
def test_an_impatient_stop_ends_it_all(tmp_path, pause):
    """Ctrl-C, twice, amid long tasks with many more to come, ends without a traceback."""
    slow = (
        "import signal, time\n"
        "from pathlib import Path\n"
        "from pipeline.runtime import command, parallel\n"
        # A shell's background job, as a CI may be, is started with Ctrl-C ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def work(number):\n"
        "    Path(f'{number}.begun').touch()\n"
        "    time.sleep(0.3)\n"
        "command.run(lambda: list(parallel.map_processes(work, range(1000), 2)))\n"
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
        time.sleep(pause)
    assert running.wait(timeout=60) == 130
    assert (tmp_path / "log").read_text(encoding="utf-8") == f"{stopped()}\n"
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


@pytest.mark.slow
@pytest.mark.parametrize("cores", [1, 2, 3])
def test_any_number_of_cores_cuts_the_same_bytes(cropped, cores):
    """Every file of data/ is the same, whether processes cut or this one."""
    workplace, expected = cropped
    assert cut_in_processes(workplace, cores).wait() == 0
    assert "400 written" in (workplace.folder / "log").read_text(encoding="utf-8")
    assert contents(workplace.folder / "data") == expected


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are a matter of POSIX")
@pytest.mark.parametrize("whom", [os.kill, os.killpg])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_is_made_good(cropped, how, whom):
    """It may be killed or get Ctrl-C, alone or with its processes, amid their work.

    No process is left that would write beside the next run's.
    """
    workplace, expected = cropped
    running = cut_in_processes(workplace)
    while running.poll() is None and len(list(workplace.digits.rglob("*.jpg"))) < 50:
        time.sleep(0.001)
    workers = psutil.Process(running.pid).children(recursive=True)
    assert running.poll() is None
    assert len(list(workplace.digits.rglob("*.jpg"))) < 400
    whom(running.pid, how)
    running.wait()
    assert not psutil.wait_procs(workers, timeout=10)[1]
    assert "Traceback" not in (workplace.folder / "log").read_text(encoding="utf-8")
    again = workplace.run("crop")
    assert again.returncode == 0, again.stderr
    assert contents(workplace.folder / "data") == expected
