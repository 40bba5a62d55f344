"""Measures what a clean build costs and writes it into docs/performance.md.

    python3 benches/build.py [--before REVISION] [--dist] [--rounds N]

Each build is made in an empty folder from a clean copy of the revision; seconds are those of all processes
together, of the user and of the system. Nothing else should run meanwhile.
"""

import argparse
import glob
import os
import resource
import shutil
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADING = "## What a build costs"


def run(*command, cwd=ROOT, **more):
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **more).stdout


def built(source, profile):
    """CPU seconds and seconds of a clean build, and the bytes of what came of it."""
    target = tempfile.mkdtemp(prefix="build-cost-")
    try:
        command = ["cargo", "build", "--locked", *(["--release", "--timings"] if profile == "release" else ["--profile", profile])]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        run(*command, cwd=source, env={**os.environ, "CARGO_TARGET_DIR": target})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        # `benches/dependencies.py` may take it.
        for report in glob.glob(f"{target}/cargo-timings/cargo-timing-*.html"):
            os.makedirs(f"{ROOT}/target", exist_ok=True)
            shutil.copy(report, f"{ROOT}/target/build-timings.html")
        return processor, time.monotonic() - began, os.path.getsize(f"{target}/{profile}/runner")
    finally:
        shutil.rmtree(target)


def copy_of(revision):
    folder = tempfile.mkdtemp(prefix="build-cost-source-")
    archive = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    return folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--before")
    parser.add_argument("--dist", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    wanted = [("HEAD", "release")]
    if arguments.dist:
        wanted.append(("HEAD", "dist"))
    if arguments.before:
        wanted.insert(0, (arguments.before, "release"))
    # What is fetched on the way is no part of a build.
    run("cargo", "fetch", "--locked")
    found = {each: [] for each in wanted}
    for _ in range(arguments.rounds):
        for each in wanted:
            source = copy_of(each[0])
            found[each].append(built(source, each[1]))
            shutil.rmtree(source)
            print(each, "%.0f CPU s, %.0f s, %.1f MB" % (found[each][-1][:2] + (found[each][-1][2] / 1e6,)), flush=True)
    lines = [
        HEADING,
        "",
        f"Clean builds on {os.cpu_count()} cores, in turn, {arguments.rounds} times each; "
        f"`python3 benches/build.py{' --before ' + arguments.before if arguments.before else ''}{' --dist' if arguments.dist else ''}` measures this alone.",
        "",
        "| Build | CPU seconds | seconds | MB |",
        "|---|--:|--:|--:|",
    ]
    for revision, profile in wanted:
        rounds = found[revision, profile]
        name = f"`{profile}`" if revision == "HEAD" else f"`{profile}` at {revision}"
        each = lambda index: ", ".join("%.0f" % one[index] for one in rounds)
        lines.append(f"| {name} | {each(0)} | {each(1)} | {rounds[-1][2] / 1e6:.1f} |")
    page = ROOT + "/docs/performance.md"
    with open(page) as file:
        kept = file.read().split("\n" + HEADING, 1)[0].rstrip("\n")
    with open(page, "w") as file:
        file.write(kept + "\n\n" + "\n".join(lines) + "\n")


main()
