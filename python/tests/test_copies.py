"""Pickles, copies, paths and what is printed: of every class, and of subclasses."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kernad
from support import make_rows

ROWS = make_rows(150, 8)

COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


class Tagged(kernad.KDEClassifier):
    """A subclass with another constructor and an attribute of its own."""

    def __init__(self, tag: str) -> None:
        super().__init__(3, num_threads=1)
        self.tag = tag


class TaggedDensity(kernad.GaussianKDE):
    """Likewise."""

    def __init__(self, tag: str) -> None:
        super().__init__(bandwidth=0.7)
        self.tag = tag


class TaggedScorer(kernad.Scorer):
    """Likewise."""

    def __init__(self, tag: str) -> None:
        super().__init__(classifier(), num_threads=1)
        self.tag = tag


class TaggedComponents(kernad.PCA):
    """Likewise."""

    def __init__(self, tag: str) -> None:
        super().__init__(3)
        self.tag = tag


class TaggedSketch(kernad.Sketch):
    """Likewise."""

    def __init__(self, tag: str = "none", **options: Any) -> None:
        super().__init__(**options)
        self.tag = tag


def classifier() -> Tagged:
    made = Tagged("a")
    made.fit(ROWS)
    made.calibrate(ROWS, target_fpr=0.1)
    return made


def density(**options: Any) -> kernad.GaussianKDE:
    return kernad.GaussianKDE(ROWS, **options)


def components(count: Any) -> kernad.PCA:
    pca = kernad.PCA(count)
    pca.fit(ROWS)
    return pca


MADE: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "KDEClassifier": (classifier, lambda c: c.compute_kde_scores(ROWS, True)),
    "GaussianKDE": (density, lambda k: k.log_density(ROWS)),
    "GaussianKDE, local": (lambda: density(local_alpha=0.5, covariance="oas"), lambda k: k.log_density(ROWS)),
    "GaussianKDE, tiny": (lambda: density(bandwidth=1e-6), lambda k: k.log_density(ROWS)),
    "GaussianKDE, full sum": (lambda: density(pruning=False), lambda k: k.log_density(ROWS)),
    "PCA": (lambda: components(3), lambda p: p.transform(ROWS)),
    "PCA, share": (lambda: components(0.9), lambda p: p.inverse_transform(p.transform(ROWS))),
    "Scorer": (lambda: kernad.Scorer(classifier(), num_threads=1), lambda s: s.log_density(ROWS)),
    "Scorer of a density": (lambda: kernad.Scorer(density()), lambda s: s.log_density(ROWS)),
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("name", MADE)
def test_copies_give_the_same_bits(name, how) -> None:
    make, use = MADE[name]
    made = make()
    same = COPIES[how](made)
    assert type(same) is type(made)
    np.testing.assert_array_equal(use(same), use(made))
    assert repr(same) == repr(made)


@pytest.mark.parametrize("how", COPIES)
def test_a_subclass_keeps_its_attributes(how) -> None:
    same = COPIES[how](classifier())
    assert (same.tag, same.num_threads, same.threshold.rule) == ("a", 1, "target_fpr")
    made = TaggedDensity("b")
    made.fit(ROWS)
    assert COPIES[how](made).tag == "b"
    assert COPIES[how](TaggedDensity("c")).is_fitted is False
    scorer = TaggedScorer("d")
    same = COPIES[how](scorer)
    assert (same.tag, type(same)) == ("d", TaggedScorer)
    np.testing.assert_array_equal(same.log_density(ROWS), scorer.log_density(ROWS))
    assert COPIES[how](TaggedComponents("e")).tag == "e"
    sketch = COPIES[how](TaggedSketch("f").add(ROWS))
    assert (sketch.tag, sketch.rows_seen, repr(sketch)[:13]) == ("f", 150, "TaggedSketch(")


@pytest.mark.parametrize("name", ["KDEClassifier", "GaussianKDE", "PCA", "Scorer", "Sketch"])
def test_a_damaged_pickle_is_a_read_error(name) -> None:
    whole = kernad.Sketch().add(ROWS) if name == "Sketch" else MADE[name][0]()
    state = whole.__getstate__()
    for key in state:
        broken = {k: v for k, v in state.items() if k != key}
        for other in ({}, {key: b"no model"}, {key: 5}):
            if key == "all_rows" and not other:
                continue  # older pickles have none
            empty = type(whole).__new__(type(whole))
            if key.startswith("_sketch") or key not in ("max_training_points", "seed", "_num_threads"):
                with pytest.raises(kernad.ReadError, match="pickle of a "):
                    empty.__setstate__(broken | other)


def test_no_bit_of_a_pickled_model_may_change() -> None:
    data = pickle.dumps(classifier())
    model = classifier()._core.to_bytes()
    start = data.index(model)
    random = np.random.default_rng(1)
    for _ in range(300):
        damaged = bytearray(data)
        damaged[start + 8 + int(random.integers(len(model) - 8))] ^= 1 << int(random.integers(8))
        try:
            same = pickle.loads(bytes(damaged))
        except kernad.ReadError:
            continue
        assert same._core.to_bytes() == model  # the key of the checksum itself


def test_a_copy_is_on_its_own() -> None:
    first = density()
    second = copy.copy(first)
    second.fit(ROWS[:50])
    np.testing.assert_array_equal(first.log_density(ROWS), density().log_density(ROWS))


def test_stages_keep_what_they_know() -> None:
    made, same = density(covariance="ledoit-wolf"), COPIES["pickle"](density(covariance="ledoit-wolf"))
    for name in ("bandwidth_factor", "shrinkage", "rank", "log_norm", "column_names"):
        assert getattr(same, name) == getattr(made, name)
    first, second = components(3), COPIES["pickle"](components(3))
    assert (second.rank, second.num_components, second.n_components) == (first.rank, 3, 3)
    np.testing.assert_array_equal(second.explained_variance_ratio, first.explained_variance_ratio)


def test_rows_drawn_from_a_density_are_like_it() -> None:
    made = density()
    drawn = made.sample(20_000, random_state=1)
    assert drawn.shape == (20_000, 8)
    np.testing.assert_array_equal(drawn[:5], made.sample(20_000, random_state=np.random.default_rng(1))[:5])
    # The mixture's mean is that of the rows, its covariance theirs (divisor N) and the kernels'.
    wide = np.cov(ROWS.T, ddof=0) + made.covariance
    error = np.sqrt(np.diag(wide) / 20_000)
    assert (np.abs(drawn.mean(axis=0) - ROWS.mean(axis=0)) < 5 * error).all()
    np.testing.assert_allclose(np.cov(drawn.T), wide, atol=5 * np.diag(wide).max() * np.sqrt(2 / 20_000))
    factor = made.bandwidth_factor
    np.testing.assert_allclose(made.covariance, factor**2 * np.cov(ROWS.T), rtol=1e-4, atol=1e-6)
    with pytest.raises(kernad.InvalidInput, match="local_alpha"):
        density(local_alpha=0.5).sample()
    with pytest.raises(kernad.NotFittedError):
        kernad.GaussianKDE().sample()


@pytest.mark.parametrize("scale", [1, 0.37])
def test_rows_are_drawn_by_their_weights(scale) -> None:
    made = kernad.GaussianKDE(bandwidth=0.01)
    rows = np.array([[0.0], [1.0], [2.0]])
    made.fit(rows, sample_weight=scale * np.array([3.0, 0.0, 7.0]))
    drawn = COPIES["pickle"](made).sample(10_000, random_state=0)
    assert abs((drawn < 1).mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 10_000)


def test_cov_is_the_references() -> None:
    given = ROWS.T.astype(np.float64)
    before = given.copy()
    np.testing.assert_allclose(kernad.GaussianKDE.cov(given), np.cov(given))
    np.testing.assert_array_equal(given, before)  # the reference's method changes it
    with pytest.raises(kernad.InvalidInput, match="k x N is needed"):
        kernad.GaussianKDE.cov(given[:, :1])


@pytest.mark.parametrize("name", ["plain", "with spaces and ü", "not UTF-8: \udcff"])
def test_any_path_will_do(tmp_path, name) -> None:
    made = kernad.KDEClassifier(3)
    made.fit(ROWS)
    for path in (tmp_path / f"{name}.safetensors", os.fsencode(tmp_path / f"{name} b.safetensors")):
        made.save(path)
        np.testing.assert_array_equal(kernad.KDEClassifier.load(path).predict(ROWS), made.predict(ROWS))
    with pytest.raises(kernad.ReadError, match="No such file"):
        kernad.KDEClassifier.load(tmp_path / f"{name}.missing.safetensors")
    with pytest.raises(kernad.WriteError):
        made.save(tmp_path / name / "no such folder" / "model.safetensors")


def test_a_corrupt_model_is_a_read_error(tmp_path) -> None:
    made = classifier()
    made.column_names = [f"column {i}" for i in range(8)]
    made.save(tmp_path / "model.safetensors")
    whole = (tmp_path / "model.safetensors").read_bytes()
    random = np.random.default_rng(0)
    path, wrong = tmp_path / "corrupt.safetensors", 0
    for trial in range(600):
        damaged = bytearray(whole)
        if trial % 3 == 0:
            del damaged[int(random.integers(len(whole))) :]
        else:
            where = int(random.integers(len(whole) if trial % 3 == 1 else 3000))
            damaged[where] ^= 1 << int(random.integers(8))
        path.write_bytes(damaged)
        try:
            loaded = kernad.KDEClassifier.load(path)
        except kernad.ReadError:
            wrong += 1
        else:
            assert loaded._core.to_bytes() == whole, trial  # the key of the checksum itself
    assert wrong > 590


def test_a_model_that_another_program_changed_says_so(tmp_path) -> None:
    """A container of safetensors, written by hand: the header, sorted anew, and the tensors in another order."""
    made = kernad.KDEClassifier(3)
    made.fit(ROWS)
    made.save(tmp_path / "model.safetensors")
    whole = (tmp_path / "model.safetensors").read_bytes()
    size = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + size])
    metadata = header.pop("__metadata__")
    tensors = {name: whole[8 + size :][slice(*entry["data_offsets"])] for name, entry in header.items()}

    def write(metadata: dict[str, str]) -> os.PathLike[str]:
        entries, end = {"__metadata__": metadata}, 0
        for name in sorted(tensors, reverse=True):
            entries[name] = header[name] | {"data_offsets": [end, end + len(tensors[name])]}
            end += len(tensors[name])
        text = json.dumps(entries, indent=1).encode()
        joined = b"".join(tensors[name] for name in sorted(tensors, reverse=True))
        (tmp_path / "other.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + joined)
        return tmp_path / "other.safetensors"

    # As docs/formats.md says it.
    checksum = 0
    for key in sorted(metadata.keys() - {"kernad_crc32"}):
        checksum = zlib.crc32(f"{key}\0{metadata[key]}\0".encode(), checksum)
    for name in sorted(tensors):
        shape = ",".join(map(str, header[name]["shape"]))
        checksum = zlib.crc32(f"{name}\0{header[name]['dtype']}\0{shape}\0".encode(), checksum)
        checksum = zlib.crc32(tensors[name], checksum)
    assert metadata["kernad_crc32"] == f"{checksum:08x}"
    same = kernad.KDEClassifier.load(write(metadata))
    np.testing.assert_array_equal(same.predict(ROWS), made.predict(ROWS))
    with pytest.raises(kernad.ReadError, match="damaged, or changed by another program: .* 'kernad_crc32'"):
        kernad.KDEClassifier.load(write(metadata | {"seed": "5"}))
    del metadata["kernad_crc32"]
    assert kernad.KDEClassifier.load(write(metadata | {"seed": "5"})).seed == 5


def test_what_is_printed_is_short() -> None:
    made = classifier()
    for shown in (
        made,
        made.calibration,
        made.threshold,
        made.explain(ROWS[0]),
        density(),
        components(2),
        kernad.Scorer(made),
    ):
        assert len(repr(shown)) < 700
        assert repr(shown).startswith(type(shown).__name__)
    assert repr(kernad.PCA(2)) == "PCA(n_components=2, not fitted)"


def test_notebooks_show_a_table() -> None:
    shown = classifier()._repr_html_()
    assert shown.startswith("<table>")
    for text in ("n_pca_components", "<td style='text-align:left'>150</td>", "target_fpr"):
        assert text in shown
    assert "not fitted" in kernad.KDEClassifier()._repr_html_()


def test_warnings_point_at_the_callers_line(tmp_path) -> None:
    code = """import numpy as np, kernad
rows = np.random.default_rng(0).normal(size=(60, 4))
kernad.KDEClassifier(9).fit(rows)
from kernad.sklearn import KDEAnomalyDetector
KDEAnomalyDetector(9).fit(rows)
from kernad.pyod import KDE
KDE(n_pca_components=9, contamination=0.001).fit(rows)
"""
    pytest.importorskip("pyod", reason="PyOD is not installed")
    (tmp_path / "script.py").write_text(code)
    ran = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=True)
    for line in (3, 5, 7):
        assert f"script.py:{line}: FitWarning" in ran.stderr, ran.stderr
    assert "leaked" not in ran.stderr
