"""Images, and how they are split into those to fit and those to judge."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TRAIN = 250  # cells to fit
# Cells of a module look alike, and have numbers that follow one another; which module a cell is of is not published.
# Modules have 60 or 72 cells: with whole blocks on one side, few modules are on both.
BLOCK = 72


@dataclass
class Split:
    """The images of one measurement. defect: 0 good, between 0 and 1 doubtful, 1 surely defective."""

    name: str
    train: list[Path]
    test: list[Path]
    defect: np.ndarray
    masks: list[Path | None] | None = None  # of the test images; None where there are none at all

    def folders(self, base: Path) -> tuple[Path, Path]:
        """(images to fit, images to judge), copied to two folders under names that sort in the order of the lists.
        """
        made = base / self.name / "train", base / self.name / "test"
        for folder, images in zip(made, (self.train, self.test), strict=True):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for i, image in enumerate(images):
                shutil.copyfile(image, folder / f"{i:05d}{image.suffix}")
        return made


def cookies() -> Split:
    """The images that come with the project: good ones and broken ones, with masks."""
    base = ROOT / "data/cookies"
    test = sorted((base / "test").glob("*/*.*"))
    masks = [next((base / "ground_truth" / p.parent.name).glob(f"{p.stem}*"), None) for p in test]
    defect = np.array([0.0 if p.parent.name == "good" else 1.0 for p in test])
    kept = [i for i, mask in enumerate(masks) if mask is not None or defect[i] == 0]  # every defect has a mask
    return Split("cookies", sorted((base / "train/good").iterdir()), [test[i] for i in kept], defect[kept],
                 [masks[i] for i in kept])


def elpv(kind: str, seed: int, mixed: bool) -> Split:
    """Solar cells, mono or poly. The seed draws blocks of cells to fit, or, mixed, single cells."""
    spec = importlib.util.find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        raise RuntimeError("elpv-dataset is not installed: run benchmarks/images/setup")
    data = Path(spec.origin).parent / "data"
    rows = [line.split() for line in (data / "labels.csv").read_text().splitlines()]
    cells = [(i if mixed else i // BLOCK, data / path, float(defect))
             for i, (path, defect, of) in enumerate(rows) if of == kind]
    train: list[Path] = []
    taken = set()
    for block in np.random.default_rng(seed).permutation(sorted({block for block, _, _ in cells})):
        if len(train) >= TRAIN:
            break
        good = [path for of, path, defect in cells if of == block and defect == 0]
        train += good
        taken |= {block} if good else set()
    test = [(path, defect) for block, path, defect in cells if block not in taken]
    name = f"elpv-{kind}{'-mixed' if mixed else ''}-{seed}"
    return Split(name, sorted(train[:TRAIN]), [path for path, _ in test], np.array([defect for _, defect in test]))


def good_only(split: Split) -> Split:
    """The same, with only the good ones among the test images."""
    good = split.defect == 0
    return Split(split.name, split.train, [p for p, g in zip(split.test, good, strict=True) if g], split.defect[good])


def first(split: Split, count: int) -> Split:
    """The same, with `count` of the test images, evenly spread over them."""
    kept = [i * len(split.test) // count for i in range(count)]
    return Split(split.name, split.train, [split.test[i] for i in kept], split.defect[kept])


def names_of(name: str, seeds: int) -> list[str]:
    """Those of the splits of a set."""
    return [name] if name == "cookies" else [f"{name}-{seed}" for seed in range(seeds)]


def all_splits(names: list[str], seeds: int) -> Iterator[tuple[str, Split]]:
    """(name of the set, split) for each."""
    for name in names:
        if name == "cookies":
            yield name, cookies()
        else:
            for seed in range(seeds):
                yield name, elpv(name.split("-")[1], seed, name.endswith("-mixed"))
