#!/usr/bin/env python3
"""The completion scripts in the shells that they are for.

completion_test.py SLIPWAY [TEST...]
"""

import os
import pathlib
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from servers import LONGEST_WAIT, need  # noqa: E402

SLIPWAY = None
VERBS = ["run", "publish", "plan", "validate", "get", "describe", "audit", "version", "completion"]


class ShellTest(unittest.TestCase):
    """A shell, and the script for it in a folder of its own."""

    def prepare(self, shell):
        need(shell)
        folder = tempfile.TemporaryDirectory(prefix="slipway-completion-")
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.script = f"{folder.name}/slipway.{shell}"
        made = subprocess.run([SLIPWAY, "completion", shell], capture_output=True, text=True, check=True)
        pathlib.Path(self.script).write_text(made.stdout)

    def ask(self, *command):
        seen = subprocess.run(command, capture_output=True, text=True, cwd=self.home, timeout=LONGEST_WAIT,
                              env={**os.environ, "HOME": self.home, "XDG_CONFIG_HOME": self.home})
        self.assertEqual((seen.returncode, seen.stderr), (0, ""))
        return seen.stdout.splitlines()

    def check(self, complete):
        """`complete` gives what may stand in place of the last word of a line."""
        self.assertEqual(sorted(complete("slipway ")), sorted(VERBS))
        self.assertEqual(complete("slipway pub"), ["publish"])
        for verb in VERBS:
            self.assertEqual(complete(f"slipway {verb} --hel"), ["--help"])
        self.assertEqual(complete("slipway validate --allow-e"), ["--allow-empty"])
        self.assertEqual(sorted(complete("slipway publish --progress ")), ["auto", "bars", "lines", "none"])
        self.assertEqual(sorted(complete("slipway describe -o ")), ["json", "table", "wide", "yaml"])
        self.assertEqual(complete("slipway get ipu"), ["ipub"])


class BashTest(ShellTest):
    def test_completes(self):
        self.prepare("bash")
        self.ask("bash", "-n", self.script)
        program = ('source "$1"; words=$2; read -ra COMP_WORDS <<<"$words"; [[ $words != *" " ]] || COMP_WORDS+=("");'
                   'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _slipway; printf "%s\\n" "${COMPREPLY[@]}"')

        def complete(line):
            return self.ask("bash", "--norc", "-c", program, "bash", self.script, line)
        self.check(complete)
        self.assertEqual(complete("slipway --v"), ["--version"])
        for behind in ("slipway get ipub", "slipway get ipub app"):
            self.assertEqual(complete(f"{behind} ipu"), [""])
        pathlib.Path(self.home, "my file.yaml").touch()
        self.assertEqual(complete("slipway validate -f my"), ["my file.yaml"])

    def test_a_folder_ends_with_a_slash_and_blanks_are_quoted(self):
        """As bash itself asks, whose line editor needs a terminal."""
        self.prepare("bash")
        pathlib.Path(self.home, "deploy").mkdir()
        pathlib.Path(self.home, "my file.yaml").touch()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        shell = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=self.home,
                                 start_new_session=True, env={"PATH": os.environ["PATH"], "HOME": self.home, "TERM": "dumb", "PS1": "> "})
        os.close(theirs)
        self.addCleanup(shell.wait)
        self.addCleanup(shell.kill)
        os.write(ours, f"source {self.script}; slipway() {{ printf 'got<%s>' \"$@\"; echo; }}\n".encode())
        os.write(ours, b"slipway validate -f depl\tx\nslipway validate -f my\t\n")
        seen, deadline = "", time.monotonic() + LONGEST_WAIT
        while "got<my file.yaml>" not in seen:
            self.assertGreater(deadline, time.monotonic(), seen)
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 65536).decode(errors="replace")
        self.assertIn("got<deploy/x>", seen)


class FishTest(ShellTest):
    def test_completes(self):
        self.prepare("fish")
        self.ask("fish", "--no-execute", self.script)

        def complete(line):
            found = self.ask("fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", self.script, line)
            return [each.split("\t")[0] for each in found if "\t" in each or each in VERBS or " " not in each]
        self.check(complete)


class ZshTest(ShellTest):
    """Its completion lives in the line editor alone, so somebody types at a terminal."""

    def setUp(self):
        self.prepare("zsh")
        self.ask("zsh", "-n", self.script)
        ours, theirs = pty.openpty()
        self.terminal = ours
        self.addCleanup(os.close, ours)
        process = subprocess.Popen(
            ["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=self.home, start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": self.home, "TERM": "dumb", "PS1": "> "})
        os.close(theirs)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        # What is offered is kept, but for what the completion system asks itself (-O, -A, -D).
        self.type('compadd() { if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then local -a found; '
                  'builtin compadd -A found "$@"; offered+=($found); fi; builtin compadd "$@" }\n')
        self.type("tell() { offered=(); zle complete-word; BUFFER=; zle -I; print -r -- be''gin $offered e''nd }\n"
                  "zle -N tell; bindkey '^G' tell\n")
        self.type(f"autoload -Uz compinit && compinit -u -D && source {self.script} && print rea''dy\n")
        self.read_to("ready")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def read_to(self, end):
        seen, deadline = "", time.monotonic() + LONGEST_WAIT
        while not re.search(end, seen):
            self.assertGreater(deadline, time.monotonic(), f"waited in vain for {end!r}: {seen!r}")
            if select.select([self.terminal], [], [], 1)[0]:
                seen += os.read(self.terminal, 65536).decode(errors="replace")
        return seen

    def complete(self, line):
        self.type(f"{line}\x07")
        seen = self.read_to(r"begin[^\r\n]*end")
        self.assertNotIn("_arguments:", seen)
        return sorted(set(re.search(r"begin([^\r\n]*)end", seen)[1].split()))

    def test_completes(self):
        self.check(self.complete)


if __name__ == "__main__":
    SLIPWAY = os.path.abspath(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
