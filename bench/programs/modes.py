# SPDX-License-Identifier: Apache-2.0
"""The modes in which a program is run for comparison: alone, under leaktrack, under another tool.

A mode is a command prefix and additions to the environment. Everything that it writes goes to `folder`.
"""
import os
import shutil

LIBRARIES = "/usr/lib/x86_64-linux-gnu"


class Mode:
    def __init__(self, name, needs=(), prefix=(), **environment):
        self.name, self.needs, self.prefix, self.environment = name, needs, list(prefix), environment

    def there(self):
        return all(os.path.exists(need) or shutil.which(need) for need in self.needs)

    def command(self, command, folder):
        return [word.replace("FOLDER", folder) for word in self.prefix] + list(command)

    def env(self, folder):
        return {**os.environ, **{name: value.replace("FOLDER", folder) for name, value in self.environment.items()}}


def leaktrack(name, library):
    return [Mode(name, LD_PRELOAD=library, LEAKTRACK_OUT="FOLDER"),
            Mode(f"{name} exact", LD_PRELOAD=library, LEAKTRACK_OUT="FOLDER", LEAKTRACK_INTERVAL="exact")]


def seldom(library):
    """Samples almost nothing, however slowly the program runs: for counting under callgrind."""
    return Mode("seldom", LD_PRELOAD=library, LEAKTRACK_OUT="FOLDER", LEAKTRACK_INTERVAL="1MiB")


def modes(library, forward, before=None):
    """Modes by name. The other tools are those that Debian packages. `before` is an older build of the library."""
    every = [
        Mode("alone"),
        Mode("forwarding", LD_PRELOAD=forward),
        *leaktrack("leaktrack", library),
        *(leaktrack("before", before) if before else []),
        Mode("heaptrack", ["heaptrack"], ["heaptrack", "-r", "-o", "FOLDER/heaptrack"]),
        Mode("jemalloc", [f"{LIBRARIES}/libjemalloc.so.2"], LD_PRELOAD=f"{LIBRARIES}/libjemalloc.so.2"),
        Mode("jemalloc profiling", [f"{LIBRARIES}/libjemalloc.so.2"], LD_PRELOAD=f"{LIBRARIES}/libjemalloc.so.2",
             MALLOC_CONF="prof:true,prof_final:true,prof_prefix:FOLDER/jeprof"),
        Mode("tcmalloc", [f"{LIBRARIES}/libtcmalloc.so.4"], LD_PRELOAD=f"{LIBRARIES}/libtcmalloc.so.4"),
        Mode("tcmalloc sampler", [f"{LIBRARIES}/libtcmalloc.so.4"], LD_PRELOAD=f"{LIBRARIES}/libtcmalloc.so.4", TCMALLOC_SAMPLE_PARAMETER="524288"),
        Mode("tcmalloc heap profiler", [f"{LIBRARIES}/libtcmalloc.so.4"], LD_PRELOAD=f"{LIBRARIES}/libtcmalloc.so.4", HEAPPROFILE="FOLDER/heap"),
        Mode("valgrind memcheck", ["valgrind"], ["valgrind", "-q", "--leak-check=full", "--log-file=FOLDER/memcheck"]),
        Mode("valgrind massif", ["valgrind"], ["valgrind", "-q", "--tool=massif", "--massif-out-file=FOLDER/massif"]),
    ]
    return {mode.name: mode for mode in every}
