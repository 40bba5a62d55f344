"""Writes docs/dependencies.md: what each dependency costs and why it stays.

    python3 benches/dependencies.py [TIMINGS.html]

Without a report of `cargo build --release --locked --timings` a clean one is made, in a folder of its own.
Why a dependency stays is said behind it in Cargo.toml.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run(*command, **more):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def timings(report):
    """Seconds by crate and version: of its library, its build script and its macros together."""
    if report is None:
        folder = tempfile.mkdtemp(prefix="dependencies-")
        run("cargo", "build", "--release", "--locked", "--timings", env={**os.environ, "CARGO_TARGET_DIR": folder})
        report = sorted(glob.glob(folder + "/cargo-timings/cargo-timing-*.html"))[-1]
    with open(report) as file:
        units = json.loads(re.search(r"UNIT_DATA = (\[.*?\]);", file.read(), re.S).group(1))
    seconds = {}
    for unit in units:
        key = (unit["name"], unit["version"])
        seconds[key] = seconds.get(key, 0) + unit["duration"]
    return seconds


def reasons():
    """Why each dependency stays, from Cargo.toml."""
    found = {}
    with open(ROOT + "/Cargo.toml") as file:
        text = file.read()
    section = text.split("\n[dependencies]\n", 1)[1].split("\n[", 1)[0]
    for line in section.splitlines():
        entry = re.match(r"([A-Za-z0-9_-]+) = .*? # (.*)", line)
        if entry:
            found[entry.group(1)] = entry.group(2)
        elif re.match(r"[A-Za-z0-9_-]+ = ", line):
            sys.exit(f"Cargo.toml does not say what this is for: {line}")
    return found


def graph():
    """Packages by id, and what each needs to run or to be built."""
    data = json.loads(run("cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host()))
    packages = {package["id"]: package for package in data["packages"]}
    needs = {}
    for node in data["resolve"]["nodes"]:
        kinds = lambda dep: {kind["kind"] for kind in dep["dep_kinds"]}
        needs[node["id"]] = [dep["pkg"] for dep in node["deps"] if kinds(dep) - {"dev"}]
    return packages, needs, data["resolve"]["root"]


def host():
    return re.search(r"host: (.*)", run("rustc", "-vV")).group(1)


def reach(needs, starts):
    seen, todo = set(), list(starts)
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(needs[node])
    return seen


def main():
    seconds = timings(sys.argv[1] if len(sys.argv) > 1 else None)
    why = reasons()
    packages, needs, root = graph()
    direct = needs[root]
    everything = reach(needs, direct)
    cost = lambda node: seconds.get((packages[node]["name"], packages[node]["version"]), 0)
    rows = []
    for node in direct:
        package = packages[node]
        others = reach(needs, [other for other in direct if other != node])
        alone = reach(needs, [node]) - others
        rows.append((sum(map(cost, alone)), package, len(alone), why[package["name"]]))
    rows.sort(key=lambda row: (-row[0], row[1]["name"]))
    own = sum(value for (name, _), value in seconds.items() if name == packages[root]["name"])
    lines = [
        "# Dependencies",
        "",
        "Written by `just dependencies`; nothing here is written by hand. Why a dependency stays is said in `Cargo.toml`.",
        "",
        f"A clean `cargo build --release --locked` builds {len(everything)} crates beside runner itself, which takes {own:.0f} seconds. "
        "*Alone* are the crates that no other dependency brings, itself included; *seconds* are those that building them takes, each on one core, "
        "two at a time. What several share is counted for none.",
        "",
        "| Dependency | Version | Alone | Seconds | What it is for |",
        "|---|---|--:|--:|---|",
    ]
    for took, package, alone, reason in rows:
        lines.append(f"| {package['name']} | {package['version']} | {alone} | {took:.1f} | {reason} |")
    versions = {}
    for node in everything:
        versions.setdefault(packages[node]["name"], []).append(node)
    twice = {name: nodes for name, nodes in versions.items() if len(nodes) > 1}
    lines += ["", "## More than one version", ""]
    if not twice:
        lines.append("None.")
    for name, nodes in sorted(twice.items()):
        parts = []
        for node in sorted(nodes, key=lambda node: packages[node]["version"]):
            users = sorted({packages[user]["name"] for user in everything | {root} if node in needs[user]})
            parts.append(f"{packages[node]['version']} for {', '.join(users)}")
        lines.append(f"- {name}: {'; '.join(parts)}")
    unstable = sorted(
        f"{packages[node]['name']} {packages[node]['version']}" for node in everything if "-" in packages[node]["version"]
    )
    lines += ["", "## Release candidates", ""]
    lines += [f"- {name}" for name in unstable] or ["None."]
    with open(ROOT + "/docs/dependencies.md", "w") as file:
        file.write("\n".join(lines) + "\n")


main()
