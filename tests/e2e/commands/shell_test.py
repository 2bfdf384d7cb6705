#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Man pages and completions contain every command and option that --help knows, and the real readers and shells accept
them.

    shell_test.py LEAKTRACK SHARE     SHARE: where the build has put man/, bash-completion/, zsh/ and fish/

bash, zsh and fish themselves are asked for completions; bash and zsh also by keys typed into a terminal.
"""
import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
import tracker as t  # noqa: E402


def run(*command, code=0, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **more)
    assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


class Help:
    """What the program itself prints."""

    def __init__(self, leaktrack):
        text = run(leaktrack, "--help")
        self.commands = re.findall(r"^  (\w[\w-]*) {2,}", text.split("Subcommands:")[1], re.M)
        self.program = self.names(text)
        self.options = {}
        self.choices = {}
        for command in self.commands:
            text = run(leaktrack, command, "--help")
            self.options[command] = self.names(text)
            for short, name, choices in re.findall(r"^  (?:(-\w),)?(--[\w-]+) [^\n]*?\{([^}\n]+)\}", text, re.M):
                self.choices[command, name] = set(choices.split(","))
        assert len(self.commands) >= 6 and ("report", "--format") in self.choices, (self.commands, self.choices)

    @staticmethod
    def names(text):
        return {name for pair in re.findall(r"^  (-\w)?,?(--[\w-]+)?(?: |$)", text, re.M) for name in pair if name}


def man_pages(help_, share):
    folder = os.path.join(share, "man", "man1")
    assert set(os.listdir(folder)) == {"leaktrack.1"} | {f"leaktrack-{command}.1" for command in help_.commands}
    for name in os.listdir(folder):
        page = os.path.join(folder, name)
        assert run("mandoc", "-Tlint", page) == "", run("mandoc", "-Tlint", page)
        done = subprocess.run(["man", "--warnings=w", "-l", page], capture_output=True, text=True, check=False, timeout=60,
                              env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0 and done.stderr == "", done.stderr
        command = name[len("leaktrack-"):-len(".1")] or None
        for option in help_.options.get(command, help_.program):
            assert re.search(rf"^ .*{re.escape(option)}\b", done.stdout, re.M), (name, option)
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SEE ALSO"):
            assert re.search(rf"^{section}$", done.stdout, re.M), (name, section)
        for (of, _), choices in help_.choices.items():
            assert of != command or "|".join(sorted(choices)) in done.stdout or all(c in done.stdout for c in choices), (name, choices)
    everything = run("man", "-l", os.path.join(folder, "leaktrack.1"))
    assert all(command in everything for command in help_.commands)


class Bash:
    def __init__(self, share, folder):
        self.file = os.path.join(share, "bash-completion", "completions", "leaktrack")
        self.folder = folder

    def complete(self, *words):
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leaktrack; printf "%s\\n" "${COMPREPLY[@]}"'
        return set(run("bash", "--norc", "-c", script, "bash", self.file, "leaktrack", *words, cwd=self.folder).splitlines()) - {""}


def bash(help_, share, folder):
    shell = Bash(share, folder)
    assert shell.complete("") == set(help_.commands) | help_.program, shell.complete("")
    assert shell.complete("rep") == {"report"}
    for command in help_.commands:
        offered = shell.complete(command, "-") - {"--"}
        assert offered == help_.options[command], (command, offered ^ help_.options[command])
    for (command, option), choices in help_.choices.items():
        assert shell.complete(command, option, "") == choices, (command, option)
        assert shell.complete(command, option, "=", "") == choices, (command, option)
        one = sorted(choices)[0]
        assert shell.complete(command, option, "=", one) == {c for c in choices if c.startswith(one)}
    assert shell.complete("report", "") == {"a b.ltk", "one.ltk", "sub"}, shell.complete("report", "")
    assert shell.complete("report", "--format", "=") == help_.choices["report", "--format"]
    assert shell.complete("report", "a") == {"a b.ltk"}
    assert shell.complete("report", "-o", "") == {"a b.ltk", "one.ltk", "sub", "notes.txt"}
    assert shell.complete("run", "-o", "") == {"sub"}
    assert shell.complete("report", "--top", "") == set()
    assert "true" in shell.complete("run", "--exact", "--", "tru")
    assert "notes.txt" in shell.complete("gate", "--", "cat", "n")
    assert "true" in shell.complete("doctor", "tru")


def fish(help_, share, folder):
    file = os.path.join(share, "fish", "vendor_completions.d", "leaktrack.fish")
    assert run("fish", "-n", file) == ""

    def complete(line):
        text = run("fish", "--no-config", "-c", f"source {file}; complete -C {line!r}", cwd=folder,
                   env={**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder})
        return {entry.split("\t")[0] for entry in text.splitlines()}

    assert set(help_.commands) <= complete("leaktrack "), complete("leaktrack ")
    for command in help_.commands:
        offered = complete(f"leaktrack {command} -")
        assert help_.options[command] <= offered, (command, help_.options[command] - offered)
    for (command, option), choices in help_.choices.items():
        assert complete(f"leaktrack {command} {option} ") == choices, (command, option)
    assert {"one.ltk", "sub/"} <= complete("leaktrack report "), complete("leaktrack report ")


@contextlib.contextmanager
def terminal(folder, *command):
    """A shell on a terminal: a function that types and waits for a pattern."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update({"TERM": "dumb", "PS1": "ready> ", "HOME": folder, "HISTFILE": "/dev/null"})
        os.execvp(command[0], command)

    def talk(keys, pattern, seconds=20):
        os.write(fd, keys.encode())
        seen, end = "", time.monotonic() + seconds
        while not re.search(pattern, seen):
            assert time.monotonic() < end, f"{command}: {keys!r} brought no {pattern!r} but {seen!r}"
            if select.select([fd], [], [], .2)[0]:
                seen += os.read(fd, 65536).decode(errors="replace")
        return seen

    try:
        yield talk
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)


def typed(share, folder):
    """Keys as a person would press them: a completion that is unique, and one that lists."""
    zsh_file = os.path.join(share, "zsh", "site-functions", "_leaktrack")
    assert run("zsh", "-n", zsh_file) == ""
    bash_file = os.path.join(share, "bash-completion", "completions", "leaktrack")
    shells = [(("bash", "--norc", "--noprofile", "-i"), f"source {bash_file}; echo so''urced\n"),
              (("zsh", "-f", "-i"), f"PS1='ready> '; autoload -Uz compinit && compinit -u -D && source {zsh_file}; echo so''urced\n")]
    for shell, setup in shells:
        with terminal(folder, *shell) as talk:
            talk(setup, "sourced\r?\n")
            for keys, wanted in (("leaktrack rep\t", r"leaktrack report "), ("--form\t", r"--format"), (" speed\t", r"speedscope"),
                                 (" one\t", r"one\.ltk")):
                talk(keys, wanted)
            talk("\x15leaktrack ru\t--ex\t-- tru\t", r"run.*--exact.*-- tru")
    assert run("zsh", "-fc", f"autoload -Uz compinit; compinit -u -D; source {zsh_file}; whence -w _leaktrack", cwd=folder).strip() == \
        "_leaktrack: function"


def zsh(help_, share):
    """Each option of each command is in the file, in the part for its command."""
    with open(os.path.join(share, "zsh", "site-functions", "_leaktrack"), encoding="utf-8") as file:
        text = file.read()
    for command in help_.commands:
        part = re.search(rf"^      {command}\)\n(.*?);;$", text, re.M | re.S).group(1)
        for option in help_.options[command]:
            assert re.search(rf"['({{, ]{option}[,}}\[ )]", part), (command, option)


def main():
    leaktrack, share = map(os.path.abspath, sys.argv[1:])
    t.need("mandoc", "man", "bash", "zsh", "fish")
    help_ = Help(leaktrack)
    man_pages(help_, share)
    with tempfile.TemporaryDirectory(prefix="leaktrack-shell.") as folder:
        for name in ("one.ltk", "a b.ltk", "notes.txt"):
            with open(os.path.join(folder, name), "w", encoding="utf-8"):
                pass
        os.mkdir(os.path.join(folder, "sub"))
        bash(help_, share, folder)
        zsh(help_, share)
        typed(share, folder)
        fish(help_, share, folder)
    print(f"{len(help_.commands)} commands: man pages and completions tell what --help tells")


if __name__ == "__main__":
    main()
