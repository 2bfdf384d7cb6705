#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sealed capture can be read completely where the binaries are missing. JIT code has names.

    seal_test.py LEAKTRACK

The program is compiled here and deleted after the capture. JIT code: the real node, with --perf-basic-prof, and the JVM,
with -XX:+DumpPerfMapAtExit, if it is installed.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402

PROGRAM = r"""
#include <cstdlib>
#include <string>
struct Store { __attribute__((noinline)) void Keep() { last = malloc(900); } void* last; };
static inline __attribute__((always_inline)) void KeptInline(Store& store) { store.Keep(); }
__attribute__((noinline)) void Serve(Store& store) { for (int i = 0; i < 400; ++i) KeptInline(store); }
int main() { Store store; Serve(store); return store.last == nullptr; }  // SERVED
"""
NODE = """
const kept = [];
function keepThemForEver(i) { kept.push(Buffer.alloc(70000, i & 255)); }
function tick(n) { for (let i = 0; i < 40; ++i) keepThemForEver(i); if (n > 0) setTimeout(tick, 10, n - 1); }
tick(120);
"""
JAVA = """
import java.nio.ByteBuffer;
import java.util.ArrayList;
public class Leak {
  static final ArrayList<ByteBuffer> kept = new ArrayList<>();
  static void keepThemForEver(int i) { kept.add(ByteBuffer.allocateDirect(20000)); }
  static void serve() { for (int i = 0; i < 300; ++i) keepThemForEver(i); }
  public static void main(String[] a) throws Exception { for (int n = 0; n < 60; ++n) { serve(); Thread.sleep(20); } }
}
"""
FORMATS = ("json", "pprof", "folded", "speedscope", "text")


class Seal:
    def __init__(self, session):
        self.session, self.folder = session, session.folder

    def tool(self, *words, codes=(0,)):
        done = subprocess.run([self.session.leaktrack, *words], capture_output=True, check=False, timeout=60)
        assert done.returncode in codes, f"{words}: {done.returncode} {done.stderr.decode()}"
        return done

    def seal(self, *words, codes=(0,)):
        return self.tool("seal", *words, codes=codes)

    def written(self, capture, form):
        return self.tool("report", "--no-history", "--format", form, *(["-o", "/dev/stdout"] if form == "pprof" else []), capture,
                         codes=t.REPORT_EXITS).stdout

    def told(self, capture):
        """Every format's bytes. In the JSON, the field that names are sealed is left out; in the text, the line about
        it."""
        told = {form: self.written(capture, form) for form in FORMATS}
        report = json.loads(told["json"])
        t.check_schema(report)
        sealed = report["coverage"].pop("names_sealed_at")
        told["json"] = report
        told["text"] = [line for line in told["text"].splitlines() if not line.startswith(b"Names")]
        return told, sealed

    def program(self):
        source, program = os.path.join(self.folder, "served.cc"), os.path.join(self.folder, "served")
        with open(source, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        subprocess.run(["g++", "-O1", "-g", "-fno-optimize-sibling-calls", "-o", program, source], check=True)
        assert self.session.run([program], ["--exact"]).returncode == 0
        return source, program, self.session.captures()[0]


def travels(seal):
    source, program, capture = seal.program()
    untouched = open(capture, "rb").read()
    before, sealed_at = seal.told(capture)
    assert sealed_at is None
    done = seal.seal("--source", capture)
    assert b"sealed" in done.stdout and b"have names" in done.stdout, done.stdout
    assert open(capture, "rb").read().startswith(untouched), "what was recorded is not touched"
    os.remove(program)
    os.remove(source)
    after, sealed_at = seal.told(capture)
    assert abs(sealed_at - time.time()) < 60
    for form in FORMATS:
        assert after[form] == before[form], f"{form} differs without the program\n{before[form]}\n{after[form]}"
    site = before["json"]["sites"][0]
    names = t.frames_of(site)
    assert "Store::Keep()" in names and any(frame["inlined"] for frame in site["stack"]), names

    page = os.path.join(seal.folder, "page.html")
    seal.tool("report", "--no-history", "--format", "html", "-o", page, capture, codes=t.REPORT_EXITS)
    assert "Names" in open(page, encoding="utf-8").read()

    # Sealed again, without the program: nothing is lost.
    seal.seal(capture)
    again, _ = seal.told(capture)
    assert again["json"] == before["json"]
    return capture, before


def directories(seal, capture):
    """All captures in a directory and below, in place or as copies elsewhere. A file that is no capture keeps no
    other from being sealed."""
    top, out = os.path.join(seal.folder, "top"), os.path.join(seal.folder, "out")
    below = os.path.join(top, "host", "deep")
    os.makedirs(below)
    os.makedirs(out)
    for place in (os.path.join(top, "a.ltk"), os.path.join(below, "c.ltk")):
        shutil.copy(capture, place)
    with open(os.path.join(top, "b.ltk"), "wb") as file:
        file.write(b"no capture" * 99)
    done = seal.seal("-o", out, top, codes=(2,))
    assert done.stdout.count(b": sealed") == 2 and b"b.ltk: not a capture" in done.stderr, done
    assert os.path.exists(os.path.join(out, "a.ltk")) and os.path.exists(os.path.join(out, "host", "deep", "c.ltk"))
    os.remove(os.path.join(top, "b.ltk"))
    done = seal.seal(top)
    assert done.stdout.count(b": sealed") == 2, done
    assert b"a directory" in seal.seal("-o", os.path.join(seal.folder, "no-directory"), top, codes=(2,)).stderr
    shutil.rmtree(top)
    shutil.rmtree(out)


def other_owners(seal, capture):
    """Files of another user are not taken from that user. What that user left in memory goes into no file of a third
    user."""
    if os.geteuid() != 0:
        return
    nobody = 65534
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        path = os.path.join(folder, "root.ltk")
        shutil.copy(capture, path)
        os.chmod(path, 0o644)
        words = [seal.session.leaktrack, "seal", "--no-symbol-cache", path]
        done = subprocess.run(words, capture_output=True, check=False, user=nobody, group=nobody)
        assert done.returncode == 2 and b"belongs to another user (id 0)" in done.stderr, done
        copy = os.path.join(folder, "mine.ltk")
        done = subprocess.run([*words, "-o", copy], capture_output=True, check=False, user=nobody, group=nobody)
        assert done.returncode == 0 and os.stat(copy).st_uid == nobody and os.stat(path).st_uid == 0, done
        os.chmod(folder, 0o755)
        done = subprocess.run([*words, "-o", os.path.join(folder, "new.ltk")], capture_output=True, check=False, user=nobody, group=nobody)
        assert done.returncode == 2 and b"Permission denied" in done.stderr, done
        assert b"not yours" not in done.stderr and b"full disk" not in done.stderr
        killed_of_nobody(seal, folder, nobody)


def killed_of_nobody(seal, folder, nobody):
    """root's copy of the capture of another user's killed process: the recorder cannot be folded into it, and is read
    for it."""
    os.chmod(folder, 0o777)
    library = os.path.join(os.path.dirname(os.path.dirname(seal.session.leaktrack)), "lib", "libleaktrack.so")
    env = {**os.environ, "LD_PRELOAD": library, "LEAKTRACK_OUT": folder, "LEAKTRACK_INTERVAL": "exact"}
    with subprocess.Popen(["sh", "-c", "echo ready; read line"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=nobody, group=nobody) as process:
        assert process.stdout.readline() == b"ready\n"
        theirs, = [os.path.join(folder, name) for name in os.listdir(folder) if f".{process.pid}." in name]
        process.kill()
    copy = os.path.join(folder, "roots.ltk")
    shutil.copy(theirs, copy)
    os.remove(theirs)
    text = " ".join(seal.session.text(copy).split())
    assert "belongs to another user than" in text and "disk full" not in text, text
    done = seal.seal("-o", os.path.join(folder, "whole.ltk"), copy)
    assert b": sealed" in done.stdout, done
    text = seal.session.text(os.path.join(folder, "whole.ltk"))
    assert "killed" in text and "/dev/shm" not in text, text
    recorders = [name for name in os.listdir("/dev/shm") if name.startswith(f"leaktrack.{process.pid}.")]
    assert len(recorders) == 1, "the recorder is its owner's to fold"
    os.remove(os.path.join("/dev/shm", recorders[0]))


def damaged(seal, capture, before):
    """A torn seal is no seal. The capture before it is complete."""
    whole = open(capture, "rb").read()
    packed = int.from_bytes(whole[-32:-24], "little")
    for name, data in {"frame": whole[:-40] + b"\xff" + whole[-39:], "trailer": whole[:-20] + b"\xff" + whole[-19:],
                       "cut": whole[:-7], "huge": whole[:-32] + b"\xff" * 24 + whole[-8:], "in half": whole[:-packed // 2]}.items():
        path = os.path.join(seal.folder, "torn.ltk")
        with open(path, "wb") as file:
            file.write(data)
        report = json.loads(seal.written(path, "json"))
        assert report["coverage"]["names_sealed_at"] is None, name
        assert [s["live_bytes"] for s in report["sites"]] == [s["live_bytes"] for s in before["json"]["sites"]], name
        if name in ("frame", "trailer", "huge"):
            assert b"seal" in seal.written(path, "text"), f"{name}: nobody is told"


def refused(seal, capture):
    with seal.session.start(["sleep", "30"]) as process:
        running = None
        for _ in range(100):
            running = next((c for c in seal.session.captures() if ".sleep." in c and os.path.getsize(c) > 4096), None)
            if running:
                break
            time.sleep(0.1)
        done = seal.seal(running)
        copy = running[:-4] + ".sealed.ltk"
        assert b"as of now" in done.stdout and copy.encode() in done.stdout, done
        done = seal.seal("-o", running, running, codes=(2,))
        assert b"may still write" in done.stderr, done.stderr
        # If a directory is read, of the two only the capture itself counts.
        listed = json.loads(seal.written(seal.folder, "json"))["captures"]
        assert running in [c["path"] for c in listed] and copy not in [c["path"] for c in listed], listed
        os.killpg(process.pid, 9)
        process.wait()
    seal.seal(running)  # after a kill -9, too
    for path, word in ((os.path.join(seal.folder, "nowhere.ltk"), b"nowhere.ltk"), ("/etc/passwd", b"not a capture")):
        assert word in seal.seal(path, codes=(2,)).stderr
    # If nothing can be written, the capture stays unchanged, and no other file is left beside it.
    before = open(capture, "rb").read()
    done = seal.seal("-o", "/dev/full/x", capture, codes=(2,))
    assert b"/dev/full/x" in done.stderr
    limited = subprocess.run(["bash", "-c", f"ulimit -f 1; trap '' XFSZ; exec '{seal.session.leaktrack}' seal '{capture}'"], capture_output=True, check=False)
    assert limited.returncode == 2 and b"is unchanged" in limited.stderr, limited
    assert open(capture, "rb").read() == before
    assert not [name for name in os.listdir(seal.folder) if ".new." in name]


def made_code(seal, runtime, file_name, text, *command):
    """A function of a script or class that is compiled at run time has its name. Sealed, it keeps the name when the
    map of JIT code is gone."""
    if shutil.which(runtime) is None:
        print(f"{runtime} is not installed: its part is skipped")
        return
    folder = os.path.join(seal.folder, runtime)
    os.mkdir(folder)
    with open(os.path.join(folder, file_name), "w", encoding="utf-8") as file:
        file.write(text)
    session = t.Tracker(seal.session.leaktrack, folder)
    session.run([runtime, *command], cwd=folder)
    capture = session.captures()[0]
    perf_map = f"/tmp/perf-{json.loads(seal.written(capture, 'json'))['process']['pid']}.map"

    def made():
        return [name for site in json.loads(seal.written(capture, "json"))["sites"] for name in t.frames_of(site) if "keepThemForEver" in name]

    try:
        assert made(), f"{runtime}: the function has no name"
        seal.seal(capture)
    finally:
        os.remove(perf_map)
    assert made(), f"{runtime}: sealed, the name is lost with the map"


def main():
    with t.tracker(sys.argv[1]) as session:
        seal = Seal(session)
        capture, before = travels(seal)
        damaged(seal, capture, before)
        directories(seal, capture)
        other_owners(seal, capture)
        refused(seal, capture)
        made_code(seal, "node", "leak.js", NODE, "--perf-basic-prof", "--interpreted-frames-native-stack", "leak.js")
        made_code(seal, "java", "Leak.java", JAVA, "-XX:MaxDirectMemorySize=4g", "-XX:+PreserveFramePointer", "-XX:+UnlockDiagnosticVMOptions",
                  "-XX:+DumpPerfMapAtExit", "Leak.java")
    print("sealed captures open complete")


if __name__ == "__main__":
    main()
