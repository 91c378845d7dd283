"""benchmarks/images/run: every method on every split, then the tables."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import measures
import methods
import numpy as np
import sets
from kept import Figures, Kept
from pages import with_block
from PIL import Image
from report import Column, Table

ROOT = Path(__file__).resolve().parents[2]
SETS = ["cookies", "elpv-mono", "elpv-poly", "elpv-mono-mixed", "elpv-poly-mixed"]
COLUMNS = [
    Column("name", "method"),
    *(Column(of, of) for of in SETS[1:]),
    *(Column(f"cookies, {what}", f"cookies, {what}", "{:.3f}") for what in ("images", "pixels", "AUPRO")),
    Column("fit", "fit 250, s", "{:.0f}"),
    Column("rate", "images a second", "{:.1f}"),
    Column("memory", "MB", "{:.0f}"),
]


def parse() -> argparse.Namespace:
    """The options. Exits with status 2 and one message for what is not valid."""
    binaries = [ROOT / f"build/{preset}/apps/kernad/kernad" for preset in ("release", "dev")]
    parser = argparse.ArgumentParser(prog="benchmarks/images/run", description=__doc__)
    add = parser.add_argument
    add("--kernad", type=Path, metavar="BINARY", help="default: the one in build/release, else in build/dev")
    add("--only", nargs="+", metavar="NAME", choices=[*methods.KERNAD, *methods.PEERS], help="methods")
    add("--sets", nargs="+", metavar="NAME", choices=SETS, default=SETS, help="of " + ", ".join(SETS))
    add("--seeds", type=int, default=3, metavar="N", help="splits of the cells (default 3)")
    add("--rates", type=int, default=0, metavar="N", help="also the false alarms at 5 %% on N splits of good cells")
    add("--times", action="store_true", help="measure times and memory alone: on a machine that has nothing else to do")
    add("--tables", action="store_true", help="measure nothing for the first table: show what is there")
    add("--kept", type=Path, metavar="FILE", default=ROOT / "build/images-benchmark/figures.json",
        help="where figures are kept, so that a run goes on where the last one stopped")
    add("--fresh", action="store_true", help="forget them first")
    add("--docs", action="store_true", help="update the tables of docs/images.md that were measured")
    options = parser.parse_args()
    if options.kernad is None:
        options.kernad = next((path for path in binaries if path.exists()), binaries[0])
    if not options.kernad.is_file():
        parser.error(f"no program {options.kernad}: build it after scripts/setup images, or name another by --kernad")
    options.kernad = options.kernad.resolve()
    return options


def masks_of(split: sets.Split) -> list[np.ndarray]:
    """Of the test images: true where a defect is."""
    masks = []
    for image, mask in zip(split.test, split.masks or [], strict=True):
        with Image.open(mask or image) as file:
            masks.append(np.asarray(file.convert("L")) > 127 if mask else np.zeros(file.size[::-1], dtype=bool))
    return masks


def judge(name: str, options: argparse.Namespace, split: sets.Split, scratch: Path) -> methods.Result:
    """One method on one split."""
    train, test = split.folders(scratch)
    own = scratch / "own"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    maps = split.masks is not None
    if name in methods.KERNAD:
        return methods.kernad(options.kernad, methods.KERNAD[name], train, test, own, maps)
    return methods.peer(name, train, test, own, maps)


def figures(split: sets.Split, result: methods.Result) -> Figures:
    """How well the defects of a split are told from good parts."""
    if split.masks is None:
        return {"sure": measures.auroc(result.scores, split.defect, sure=True),
                "all": measures.auroc(result.scores, split.defect, sure=False)}
    found = {"images": measures.auroc(result.scores, split.defect, sure=False)}
    if result.maps:
        found["pixels"], found["AUPRO"] = measures.maps_of(result.maps, masks_of(split))
    return found


def times(name: str, options: argparse.Namespace, scratch: Path) -> Figures:
    """Of a fit on 250 cells and of judging others: for a machine that has nothing else to do."""
    split = sets.first(sets.elpv("mono", 0, mixed=True), 300)
    result = judge(name, options, split, scratch)
    return {"fit": result.fit, "rate": len(split.test) / result.predict, "memory": result.memory / 1e6}


def detection(options: argparse.Namespace, kept: Kept, scratch: Path) -> Table:
    """A row for each method: means over the splits that have been measured."""
    wanted = [] if options.times or options.tables else options.only or [*methods.KERNAD, *methods.PEERS]
    for of, split in sets.all_splits(options.sets, options.seeds):
        for name in wanted:
            kept.measured(f"{name} | {split.name}", lambda: figures(split, judge(name, options, split, scratch)))
    if options.times:
        for name in options.only or [*methods.KERNAD, *methods.PEERS]:
            kept.measured(f"{name} | times", lambda: times(name, options, scratch))
    rows = []
    for name in [*methods.KERNAD, *methods.PEERS]:
        row: dict[str, object] = {"name": name, **(kept.get(f"{name} | times") or {})}
        for of in SETS:
            found = [kept.get(f"{name} | {split}") for split in sets.names_of(of, options.seeds)]
            if None in found:
                continue
            mean = {key: float(np.mean([f[key] for f in found if f])) for key in found[0] or {}}
            if "sure" in mean:
                row[of] = f"{mean['sure']:.3f} / {mean['all']:.3f}"
            row |= {f"{of}, {key}": value for key, value in mean.items()}
        if len(row) > 1:
            rows.append(row)
    title = f"AUROC of surely defective cells / of all that may be ({options.seeds} splits); of cookies, AUROC and AUPRO"
    measured = {key for row in rows for key in row}
    return Table("images-detection", title, [column for column in COLUMNS if column.key in measured], rows)


def rates(options: argparse.Namespace, kept: Kept, scratch: Path) -> Table:
    """False alarms of kernad's default on good cells that it has not seen, at a promised 5 %."""
    def alarms(split: sets.Split) -> Figures:
        found = judge("kernad", options, split, scratch).alarms
        assert found is not None
        return {"alarms": 100 * float(found.mean())}

    rows = []
    for kind in ("mono", "poly"):
        found = []
        for seed in range(options.rates):
            split = sets.good_only(sets.elpv(kind, seed, mixed=True))
            found.append(kept.measured(f"false alarms | {split.name}", lambda: alarms(split))["alarms"])
        rows.append({"name": f"elpv-{kind}", "mean": np.mean(found), "low": np.min(found), "high": np.max(found)})
    columns = [Column("name", "set"), *(Column(key, heading, "{:.1f} %") for key, heading in
                                        (("mean", "mean"), ("low", "least"), ("high", "most")))]
    return Table("images-rates", f"False alarms at a promised 5 %, {options.rates} splits of good cells", columns, rows)


def main() -> None:
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        kept = Kept(options.kept, options.fresh)
        tables = [detection(options, kept, Path(folder))]
        if options.rates:
            tables.append(rates(options, kept, Path(folder)))
    for table in tables:
        print(table.text())
    if options.docs:
        page = ROOT / "docs/images.md"
        text = page.read_text()
        for table in tables:
            text = with_block(page, text, table.name, table.markdown())
        page.write_text(text)


if __name__ == "__main__":
    main()
