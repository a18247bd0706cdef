#!/usr/bin/env python3
"""Removes one safeguard at a time and shows which tests notice.

Every *.patch beside this script takes one safeguard out of the code. Each is applied to a copy of the tree, the test
suites that could notice are run, and the tests that fail are listed. A patch that no test notices has SURVIVED.

Exit status: 0 when every mutant is caught, 1 when one survives, no longer applies or does not build, 2 when the tests
fail without any patch or the request makes no sense.
"""

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RESULT = HERE / "RESULT.md"

# Name, what cargo tests, and the folders whose change it could notice. Quick ones first.
SUITES = [
    ("core", ["-p", "recoup-core"], ["shared/core"]),
    ("processors", ["-p", "recoup-processors"], ["shared/processors"]),
    ("app", ["-p", "recoup-app"], ["shared/core", "shared/app"]),
    ("transport", ["-p", "recoup-transport"], ["shared/transport"]),
    ("store contract", ["-p", "recoup-aws", "--test", "store_contract"], ["shared/aws"]),
    ("handlers", ["-p", "recoup-tests", "--lib", "--test", "handlers"],
     ["shared/core", "shared/app", "shared/processors", "tests"]),
    ("simulation", ["-p", "recoup-tests", "--test", "simulation"],
     ["shared/core", "shared/app", "shared/processors", "tests"]),
]

TARGET = re.compile(r"^\s+(?:Running (?:unittests )?(\S+) \(|Doc-tests (\S+))")
FAILED = re.compile(r"^test (\S+).* \.\.\. FAILED$")
TESTED = re.compile(r"^test result: .* (\d+) passed; (\d+) failed;")
# What a run and what a search say of the law they broke.
BROKEN_RUN = re.compile(r"seed \d+ breaks (I\d+) at \S+: (.*)")
BROKEN_SEARCH = re.compile(r'"(?:(I\d+): )?([^"\\]*?): \[')


@dataclasses.dataclass
class Ran:
    """What became of one suite."""

    suite: str
    seconds: float = 0.0
    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)
    laws: list = dataclasses.field(default_factory=list)
    built: bool = True
    ended: bool = True
    status: int = 0
    tail: str = ""

    @property
    def green(self):
        return self.status == 0 and self.passed > 0


@dataclasses.dataclass
class Mutant:
    """One patch."""

    name: str
    removes: str
    breaks: str
    patch: pathlib.Path
    files: list
    problem: str = ""
    ran: list = dataclasses.field(default_factory=list)

    @property
    def suites(self):
        def touches(folders):
            return any(file.startswith(folder + "/") for file in self.files for folder in folders)

        return [suite for suite in SUITES if touches(suite[2])]

    @property
    def caught(self):
        return any(ran.failed or not ran.ended for ran in self.ran)

    @property
    def verdict(self):
        return self.problem or ("caught" if self.caught else "SURVIVED")


def read_mutant(patch):
    head, _, diff = patch.read_text(encoding="utf-8").partition("\n\n")
    told = dict(line.split(": ", 1) for line in head.splitlines())
    files = re.findall(r"^\+\+\+ b/(\S+)", diff, re.MULTILINE)
    return Mutant(patch.stem, told["Without"], told["Breaks"], patch, files)


class Progress:
    """One line that says what is going on: rewritten on a terminal, one a suite elsewhere."""

    def __init__(self):
        self.live = sys.stderr.isatty()

    def say(self, text):
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\x1b[K" + text[:width])
            sys.stderr.flush()

    def note(self, text):
        sys.stderr.write(("\r\x1b[K" if self.live else "") + text + "\n")
        sys.stderr.flush()


class Tree:
    """A copy of the tree, in which mutants live."""

    def __init__(self, target, jobs, limit, progress):
        self.target, self.folder = target, target / "tree"
        self.jobs, self.limit, self.progress = jobs, limit, progress
        self.files = set()

    def copy(self):
        """Copies what git knows or would add. Files get new times, so that nothing an earlier mutant left is used."""
        listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in filter(None, listed):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, self.folder / name)
                self.files.add(name)

    def apply(self, mutant):
        """Applies a patch exactly as it is written; what git says if it does not fit."""
        # The copy may lie inside the repository, whose paths git would otherwise mean.
        env = {**os.environ, "GIT_CEILING_DIRECTORIES": str(self.folder.parent)}
        done = subprocess.run(["git", "apply", str(mutant.patch)], cwd=self.folder, env=env, text=True, capture_output=True)
        return done.stderr.strip() if done.returncode else ""

    def revert(self, mutant):
        """Brings the patched files back and takes away what the tests left, such as proptest's regressions."""
        for name in mutant.files:
            shutil.copyfile(self.target / "kept" / name, self.folder / name)
        for path in self.folder.rglob("*"):
            if path.is_file() and str(path.relative_to(self.folder)) not in self.files:
                path.unlink()

    def keep(self, mutants):
        """Puts the files that will be patched aside."""
        for name in {name for mutant in mutants for name in mutant.files}:
            (self.target / "kept" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.folder / name, self.target / "kept" / name)

    def remove(self):
        for folder in [self.folder, self.target / "kept"]:
            shutil.rmtree(folder, ignore_errors=True)

    def test(self, suite, what):
        """Builds and runs a suite."""
        name, arguments, _ = suite
        command = ["cargo", "test", "--locked", "--no-fail-fast", "--target-dir", str(self.target), *arguments]
        command += ["-j", str(self.jobs)] if self.jobs else []
        env = {**os.environ, "CARGO_TERM_COLOR": "never", "RUST_BACKTRACE": "0"}
        fixtures = ROOT.parent / "shared" / "fixtures"
        if fixtures.is_dir():
            env.setdefault("RECOUP_FIXTURES", str(fixtures))
        ran, began, lines, place = Ran(name), time.monotonic(), [], ""
        cargo = subprocess.Popen(command, cwd=self.folder, env=env, text=True, errors="replace", stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        timer = threading.Timer(self.limit, lambda: (setattr(ran, "ended", False), stop(cargo)))
        timer.start()
        try:
            for line in cargo.stdout:
                line = line.rstrip("\n")
                lines.append(line)
                self.progress.say(f"{what}: {name}: {time.monotonic() - began:.0f} s: {line.strip()}")
                if found := TARGET.match(line):
                    place = found[1] or "doc-tests"
                elif found := FAILED.match(line):
                    ran.failed.append((place, found[1]))
                elif found := TESTED.match(line):
                    ran.passed += int(found[1])
        except BaseException:
            stop(cargo)
            raise
        finally:
            timer.cancel()
        ran.status, ran.seconds = cargo.wait(), time.monotonic() - began
        ran.built = not any(line.startswith("error: could not compile") for line in lines)
        ran.laws = laws_in("\n".join(lines)) if name == "simulation" else []
        ran.tail = "\n".join(lines[-40:])
        return ran


class NotGreen(Exception):
    """The tests fail without any patch."""


def stop(process):
    """Ends a cargo and the tests it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def laws_in(output):
    """What the simulation said was broken, each once."""
    found = [(law, what) for law, what in BROKEN_RUN.findall(output)]
    for line in output.splitlines():
        if line.strip().startswith("left: ["):
            found += BROKEN_SEARCH.findall(line)
    laws, seen = [], set()
    for law, what in found:
        if (law or what) not in seen:
            seen.add(law or what)
            laws.append((law, what.strip()))
    return laws


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def state_of_the_tree():
    changed = " and changes that are not committed" if git("status", "--porcelain").strip() else ""
    return git("rev-parse", "--short=10", "HEAD").strip() + changed


def check_green(tree, mutants, progress):
    """Runs the suites without any patch; a suite that fails by itself proves nothing."""
    wanted = [suite for suite in SUITES if any(suite in mutant.suites for mutant in mutants)]
    for suite in wanted:
        ran = tree.test(suite, "without any patch")
        progress.note(f"without any patch: {ran.suite}: {ran.passed} passed, {ran.seconds:.0f} s")
        if not ran.green:
            progress.note(ran.tail)
            failed = ", ".join(test for _, test in ran.failed) or "it does not build, run or end"
            raise NotGreen(f"the suite {ran.suite} fails without any patch: {failed}")


def play(tree, mutant, what, progress):
    """Applies one patch and runs the suites that could notice."""
    if refusal := tree.apply(mutant):
        mutant.problem = "no longer applies"
        progress.note(f"{what}: {mutant.problem}: {refusal}")
        return
    try:
        for suite in mutant.suites:
            ran = tree.test(suite, what)
            mutant.ran.append(ran)
            noticed = f"{len(ran.failed)} failed" if ran.ended else "did not end"
            progress.note(f"{what}: {ran.suite}: {noticed}, {ran.seconds:.0f} s")
            if not ran.built or (ran.status and ran.ended and not ran.failed):
                mutant.problem = "does not build" if not ran.built else "broke the run of its tests"
                progress.note(ran.tail)
                return
    finally:
        tree.revert(mutant)


def law_text(ran):
    if not ran.failed and ran.ended:
        return "nothing"
    if not ran.ended:
        return "did not end in time"
    return "; ".join(f"{law} {what}" if law else what for law, what in ran.laws) or "its tests fail"


def say(mutant):
    """What one mutant met, as text."""
    lines = [f"{mutant.name}: {mutant.verdict}", f"  without: {mutant.removes}"]
    for ran in mutant.ran:
        if ran.suite == "simulation":
            tests = ", ".join(test for _, test in ran.failed)
            lines.append(f"  simulation: {law_text(ran)}" + (f" ({tests})" if tests else ""))
        else:
            lines += [f"  {ran.suite}: {place}: {test}" for place, test in ran.failed]
            lines += [] if ran.ended else [f"  {ran.suite}: did not end in time"]
    return "\n".join(lines)


def as_json(mutants, state, date):
    def suite(ran):
        laws = [{"law": law, "what": what} for law, what in ran.laws]
        failed = [{"target": place, "test": test} for place, test in ran.failed]
        return {"suite": ran.suite, "seconds": round(ran.seconds, 1), "passed": ran.passed, "failed": failed,
                "ended": ran.ended, "laws": laws}

    return json.dumps({"date": date, "tree": state, "mutants": [
        {"name": mutant.name, "without": mutant.removes, "breaks": mutant.breaks, "files": mutant.files,
         "verdict": mutant.verdict, "suites": [suite(ran) for ran in mutant.ran]}
        for mutant in mutants]}, indent=2)


def as_page(mutants, state, date, seconds):
    """The page that is kept in the repository."""
    caught = sum(mutant.verdict == "caught" for mutant in mutants)
    cell = lambda text: text.replace("|", "\\|")
    lines = [
        "# Mutants",
        "",
        f"Written by `make mutants ARGS=--write` on {date}, commit {state}: {caught} of {len(mutants)} caught, "
        f"{seconds / 60:.0f} minutes. How it works is in [CONTRIBUTING.md](../../CONTRIBUTING.md#mutants).",
        "",
        "| without | what breaks | caught by | simulation |",
        "|---|---|---|---|",
    ]
    for mutant in mutants:
        counts = [f"{ran.suite}: {len(ran.failed)}" for ran in mutant.ran if ran.suite != "simulation" and ran.failed]
        simulated = [law_text(ran) for ran in mutant.ran if ran.suite == "simulation"]
        verdict = "" if mutant.verdict == "caught" else f"**{mutant.verdict}** "
        lines.append(f"| `{mutant.name}`: {cell(mutant.removes)} | {cell(mutant.breaks)} | "
                     f"{verdict}{', '.join(counts)} | {cell(simulated[0]) if simulated else 'not concerned'} |")
    lines += ["", "## The tests that noticed", ""]
    for mutant in mutants:
        lines += [f"### {mutant.name}", ""]
        noticed = [(ran.suite, place, test) for ran in mutant.ran for place, test in ran.failed]
        lines += [f"- {suite}: `{test}` ({place})" for suite, place, test in noticed] or ["None."]
        lines += [""]
    return "\n".join(lines).rstrip("\n") + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", action="append", help="only this mutant; may be given more than once")
    parser.add_argument("--list", action="store_true", help="list the mutants and stop")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--write", action="store_true", help="write the result to RESULT.md; for a run of all")
    parser.add_argument("--target-dir", type=pathlib.Path, default=ROOT / ".local" / "mutants-target", metavar="DIR",
                        help="where it builds, and keeps what is built; default .local/mutants-target")
    parser.add_argument("--jobs", type=int, metavar="N", help="as cargo's -j")
    parser.add_argument("--limit", type=int, default=1200, metavar="SECONDS",
                        help="a suite that takes longer did not end, which counts as noticed; default 1200")
    asked = parser.parse_args()
    if asked.write and asked.only:
        parser.error("--write is for a run of all mutants")
    return parser, asked


def main():
    parser, asked = arguments()
    mutants = [read_mutant(patch) for patch in sorted(HERE.glob("*.patch"))]
    unknown = set(asked.only or []) - {mutant.name for mutant in mutants}
    if unknown:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}; --list names them")
    mutants = [mutant for mutant in mutants if not asked.only or mutant.name in asked.only]
    if asked.list:
        print("\n".join(f"{mutant.name}: {mutant.removes}" for mutant in mutants))
        return 0
    progress, began = Progress(), time.monotonic()
    date, state = datetime.datetime.now(datetime.timezone.utc).date().isoformat(), state_of_the_tree()
    tree = Tree(asked.target_dir.resolve(), asked.jobs, asked.limit, progress)
    try:
        tree.copy()
        tree.keep(mutants)
        check_green(tree, mutants, progress)
        for nth, mutant in enumerate(mutants, 1):
            play(tree, mutant, f"[{nth}/{len(mutants)}] {mutant.name}", progress)
            if not asked.json:
                progress.say("")
                print(say(mutant), flush=True)
    except NotGreen as error:
        progress.note(str(error))
        return 2
    finally:
        tree.remove()
    seconds = time.monotonic() - began
    if asked.json:
        print(as_json(mutants, state, date))
    if asked.write:
        RESULT.write_text(as_page(mutants, state, date, seconds), encoding="utf-8")
    wrong = [mutant for mutant in mutants if mutant.verdict != "caught"]
    progress.note(f"{len(mutants) - len(wrong)} of {len(mutants)} mutants caught, {seconds:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
