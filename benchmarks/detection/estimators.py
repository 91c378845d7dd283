"""Mean AUROC of the ways to estimate the density, over sets of image features and tables.

    python estimators.py DATA [--kernad build/release/apps/kernad/kernad] [--seeds 3] [--only NAME ...] [--peers]

DATA holds one folder a group, each of .npz files with X (rows x columns) and y (0 normal, 1 anomalous). Rows with y = 0
are shuffled with numpy's RandomState(seed); 70 percent train, the rest and all anomalies are tested; AUROC is that of
minus the log-density. Groups of images: the mean over the seeds. Tables: a random 6,000 rows (RandomState(1)) where
there are more, at most 3,000 training rows, seed 0. --peers adds Mahalanobis with Ledoit-Wolf and nearest neighbours,
by scikit-learn. Needs numpy.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

MAX_TABLE_ROWS = 6000
MAX_TRAINING_ROWS = 3000

METHODS = {
    "reference": "",
    "standardized": "--standardize",
    "full rank, ledoit-wolf, loo": "--components all --covariance ledoit-wolf --bandwidth loo",
    "full rank, oas, loo": "--components all --covariance oas --bandwidth loo",
    "full rank, ledoit-wolf, scott": "--components all --covariance ledoit-wolf",
    "isotropic standardized, loo": "--components all --covariance isotropic --standardize --bandwidth loo",
}
# alpha by leave-one-out: the one whose fit reports the largest likelihood.
LOCAL = "--components all --covariance isotropic --standardize --bandwidth loo --local {}"
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def auroc(scores, labels):
    """Share of pairs of an anomaly and a normal row that are ranked right; ties count half."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    anomalous = labels == 1
    n, m = anomalous.sum(), (~anomalous).sum()
    return (rank[anomalous].sum() - n * (n + 1) / 2) / (n * m)


def split(path, seed, table):
    data = np.load(path)
    rows, labels = data["X"].astype(np.float32), data["y"].astype(int)
    if table and len(rows) > MAX_TABLE_ROWS:
        chosen = np.random.RandomState(1).permutation(len(rows))[:MAX_TABLE_ROWS]
        rows, labels = rows[chosen], labels[chosen]
    normal = np.flatnonzero(labels == 0)
    np.random.RandomState(seed).shuffle(normal)
    cut = int(0.7 * len(normal))
    train, rest = normal[:cut], normal[cut:]
    test = np.concatenate([rest, np.flatnonzero(labels == 1)])
    if table:
        train = train[:MAX_TRAINING_ROWS]
    return rows[train], rows[test], labels[test]


class CommandLine:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, Path(folder)

    def __call__(self, options, train, test):
        """(scores, fit report)."""
        np.save(self.folder / "train.npy", train)
        np.save(self.folder / "test.npy", test)
        model, scores = self.folder / "model.safetensors", self.folder / "scores.npy"
        fit = [self.binary, "fit", self.folder / "train.npy", "-o", model, "--json", *options.split()]
        predict = [self.binary, "predict", model, self.folder / "test.npy", "-o", scores]
        report = [self._run(command).stdout for command in (fit, predict)][0]
        return -np.load(scores), json.loads(report)

    @staticmethod
    def _run(command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return done

    def local(self, train, test):
        fits = [self(LOCAL.format(alpha), train, test) for alpha in ALPHAS]
        return max(fits, key=lambda fit: fit[1]["loo_log_likelihood"])


def mahalanobis(train, test):
    from sklearn.covariance import LedoitWolf

    return LedoitWolf().fit(train).mahalanobis(test)


def neighbours(train, test, table):
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    if table:
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    return NearestNeighbors(n_neighbors=5 if table else 1).fit(train).kneighbors(test)[0][:, -1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--kernad", default="build/release/apps/kernad/kernad")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", help="methods to run, by name")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="every set by itself")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = CommandLine(arguments.kernad, folder)
        methods = {
            name: (lambda train, test, _, options=options: run(options, train, test)[0])
            for name, options in METHODS.items()
        }
        methods["local isotropic standardized, loo"] = lambda train, test, _: run.local(train, test)[0]
        if arguments.peers:
            methods["Mahalanobis, Ledoit-Wolf (scikit-learn)"] = lambda train, test, _: mahalanobis(train, test)
            methods["nearest neighbour (scikit-learn)"] = neighbours
        if arguments.only:
            methods = {name: methods[name] for name in arguments.only}
        groups = sorted(p for p in arguments.data.iterdir() if any("X" in np.load(f) for f in p.glob("*.npz")))
        print(f"{'':40s}" + "".join(f"{group.name:>18s}" for group in groups))
        for name, method in methods.items():
            line = f"{name:40s}"
            for group in groups:
                table = group.name == "tabular"
                values = []
                for path in sorted(group.glob("*.npz")):
                    for seed in range(1 if table else arguments.seeds):
                        train, test, labels = split(path, seed, table)
                        values.append(auroc(method(train, test, table), labels))
                    if arguments.verbose:
                        print(f"  {name}: {group.name}/{path.stem}: {values[-1]:.4f} (last seed)", flush=True)
                line += f"{np.mean(values):18.4f}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
