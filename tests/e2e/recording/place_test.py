#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The directory of the captures is removed, moved, emptied or filled while the program runs. The user is told, and the run
is still there.

    place_test.py LEAKTRACK LIBRARY
"""
import glob
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402


class Place:
    def __init__(self, session, library):
        self.session, self.library = session, library
        self.out = os.path.join(session.folder, "out")

    def run(self, meanwhile, status=0, **popen):
        """What `run` prints about a shell that does `meanwhile`. The shell ends by itself, and does not exec its last
        command."""
        script = f'out="{self.out}"; {meanwhile}; true'
        done = subprocess.run([self.session.leaktrack, "run", "--exact", "-o", self.out, "--", "/bin/sh", "-c", script], capture_output=True,
                              text=True, check=False, timeout=60, **popen)
        assert done.returncode == status, done
        return done.stderr

    def report(self, path):
        done = subprocess.run([self.session.leaktrack, "report", "--no-history", "--format", "json", path], capture_output=True, text=True,
                              check=False, timeout=60)
        assert done.returncode in t.REPORT_EXITS, f"{path}: {done}"
        return json.loads(done.stdout)


def named(said, before):
    """The path behind `before` in the output."""
    line = next(line for line in said.splitlines() if before in line)
    return line.split(before, 1)[1].split()[0]


def removed(place):
    for what in ('rm -r "$out"', 'rm "$out"/*.ltk'):
        said = place.run(what)
        assert "was removed while the program ran; the run was written anew from its flight recorder" in said, said
        report = place.report(named(said, "leaktrack report "))
        assert report["process"]["end"] == "exited" and report["sites"], report["process"]
    # The directory cannot be made again, and there is no other place: what is left is named, and
    # can be read.
    blocked = 'rm -r "$out" && touch "$out"'
    said = place.run(blocked, env={**os.environ, "TMPDIR": "/proc"})
    assert "cannot be written anew" in said, said
    recorder = named(said, "leaktrack report ")
    assert recorder.startswith("/dev/shm/leaktrack."), said
    place.report(recorder)
    os.unlink(recorder)
    os.unlink(place.out)


def moved(place):
    elsewhere = place.out + ".elsewhere"
    said = place.run(f'mv "$out" "{elsewhere}"')
    assert f"was moved to {elsewhere} while the program ran" in said, said
    path = named(said, "the command's own: leaktrack report ")
    assert os.path.dirname(path) == elsewhere, said
    assert place.report(path)["process"]["end"] == "exited"


def killed(place):
    said = place.run('rm -r "$out"; kill -9 $$', 128 + signal.SIGKILL)
    assert "written anew" in said and place.report(named(said, "leaktrack report "))["process"]["end"] == "killed", said


def without_run(place):
    """The preload alone: a report on the directory finds what the flight recorder holds."""
    os.mkdir(place.out)
    environment = {**os.environ, "LD_PRELOAD": place.library, "LEAKTRACK_OUT": place.out, "LEAKTRACK_INTERVAL": "exact"}
    command = ["/bin/sh", "-c", "echo begun; read end"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"begun\n"
        for name in os.listdir(place.out):
            os.unlink(os.path.join(place.out, name))
        process.communicate(timeout=60)
    report = place.report(place.out)
    assert report["process"]["pid"] == process.pid and report["process"]["end"] == "exited", report["process"]
    os.rmdir(place.out)
    place.report(place.out)
    for name in os.listdir("/dev/shm"):
        if name.startswith(f"leaktrack.{process.pid}."):
            os.unlink(os.path.join("/dev/shm", name))


def filled(place):
    """A full disk, in its own mount namespace: the end says so, and the next report, which has everything."""
    inside = (f'mkdir "{place.out}" && mount -t tmpfs -o size=1m tmpfs "{place.out}" && '
              f'"{place.session.leaktrack}" run --exact -o "{place.out}" -- /bin/sh -c \'dd if=/dev/zero of="{place.out}/ballast" 2>&-; '
              f'i=0; while [ $i -lt 3000 ]; do eval "v$i=some_words_to_keep_in_memory"; i=$((i+1)); done\'; '
              f'"{place.session.leaktrack}" report --no-history "{place.out}"')
    done = subprocess.run(["unshare", "-m", "sh", "-c", inside], capture_output=True, text=True, check=False, timeout=60)
    if "Operation not permitted" in done.stderr:
        print("not tried: no mount namespace here")
        return
    assert "the end of the run could not be written to its capture" in done.stderr and "No space left" in done.stderr, done
    words = " ".join(done.stdout.split())
    assert "was not written to the capture" in words and "No space left on device" in words, done.stdout


def made_read_only(place):
    """A disk that fails and is read-only from then on, and a file system that is mounted anew so while nobody has a file of it open:
    said at the end and in the next report, which has all of the run, whatever its end."""
    work = "i=0; while [ $i -lt 3000 ]; do eval v$i=some_words_to_keep_in_memory; i=$((i+1)); done"
    disk = place.out + ".disk"
    ways = {
        "failed": (f'truncate -s 8M "{disk}" && mkfs.ext4 -q "{disk}" && mount -o loop "{disk}"', "remount,abort", ""),
        "remounted": ("mount -t tmpfs tmpfs", "remount,ro", "LEAKTRACK_THREAD=0"),
    }
    for way, (mount, again, setting) in ways.items():
        for end, status in (("true", 0), ("kill -9 $$", 128 + signal.SIGKILL)):
            program = f'env -u LD_PRELOAD mount -o {again} "{place.out}" && {work}; {end}'
            inside = (f'mkdir -p "{place.out}" && {mount} "{place.out}" || exit 99; '
                      f'{setting} "{place.session.leaktrack}" run --exact -o "{place.out}/captures" -- /bin/sh -c \'{program}\'; '
                      f'[ $? = {status} ] || exit 98; '
                      f'"{place.session.leaktrack}" report --no-history "{place.out}"/captures/*.sh.*.ltk')
            done = subprocess.run(["unshare", "-m", "sh", "-c", inside], capture_output=True, text=True, check=False, timeout=60)
            if done.returncode == 99 or "Operation not permitted" in done.stderr:
                print(f"not tried: {way}: {done.stderr.strip()}")
                break
            assert done.returncode in t.REPORT_EXITS, (way, done)
            assert "the end of the run could not be written to its capture" in done.stderr and "Read-only file system" in done.stderr, (way, done)
            words = " ".join(done.stdout.split())
            assert "was not written to the capture" in words and "Read-only file system" in words, (way, done.stdout)
            assert re.search(r"heap +(1[5-9]\d|[2-9]\d\d) KiB", done.stdout), (way, done.stdout)
            assert re.search(r"watched for \S+ from [^,]*, (killed|exited)", words).group(1) == ("killed" if status else "exited"), (way, done.stdout)
            clean_recorders(place.out)


def without_links(place):
    """A file system that counts no links: the capture has a name, and is not taken for one that was removed."""
    os.makedirs(place.out, exist_ok=True)
    environment = {**os.environ, "LD_PRELOAD": place.library, "LEAKTRACK_OUT": place.out, "LEAKTRACK_INTERVAL": "exact"}
    inside = (f'stat -c %h "{place.out}"/*.ltk; ls /dev/shm | grep "^leaktrack.$1[.]" && exit 98; unset LD_PRELOAD; '
              f'"{place.session.leaktrack}" report --no-history "{place.out}"/*.$1.*.ltk')
    program = '/bin/sh -c "x=1; true" & wait $!; exec env -u LD_PRELOAD /bin/sh -c "$INSIDE" sh $!'
    command = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "linkless_fs.py"), place.out,
               "env", f"LD_PRELOAD={place.library}", "/bin/sh", "-c", program]
    del environment["LD_PRELOAD"]
    done = subprocess.run(command, env={**environment, "INSIDE": inside}, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode == 77:
        print("not tried: no FUSE here")
        return
    assert done.returncode in t.REPORT_EXITS, done
    assert set(re.findall(r"^\d+$", done.stdout, re.M)) == {"0"}, done.stdout
    # The shell's child may have recorded before its exec: which of the two is shown is chance.
    assert re.search(r"watched for \S+ from [^,]*, (exited|replaced by exec)", " ".join(done.stdout.split())), done.stdout


def clean_recorders(out):
    """Their captures are gone with their file system: a later run would write them anew."""
    for name in glob.glob("/dev/shm/leaktrack.*.ltr"):
        try:
            with open(name, "rb") as file:
                if out.encode() in file.read(65536):
                    os.unlink(name)
        except OSError:
            pass  # another's, or gone


def main():
    leaktrack, library = map(os.path.abspath, sys.argv[1:])
    t.need("unshare", "dd")
    for check in (removed, moved, killed, without_run, filled, made_read_only, without_links):
        with t.tracker(leaktrack) as session:
            check(Place(session, library))
    print("wherever the captures went, the runs were found")


if __name__ == "__main__":
    main()
