"""The classifier keeps the reference's interface and kernad's promises."""

from __future__ import annotations

import copy
import inspect
import io
import pickle

import numpy as np
import pytest

import kernad
from kernad import FeatureScalingMethod, KDEClassifier


def test_parameters_and_defaults_are_the_references() -> None:
    parameters = inspect.signature(KDEClassifier).parameters
    assert {n: p.default for n, p in parameters.items()} == {
        "n_pca_components": 16,
        "feature_scaling_method": FeatureScalingMethod.SCALE,
        "max_training_points": 40000,
        "seed": 0,
        "standardize": False,
        "bandwidth": "scott",
        "covariance": "full",
        "local_alpha": 0.0,
        "auto": False,
        "all_rows": False,
        "num_threads": 0,
        "pruning": True,
    }
    classifier = KDEClassifier(8, "norm", 100, seed=2**64 - 1)
    assert (classifier.n_pca_components, classifier.max_training_points, classifier.seed) == (8, 100, 2**64 - 1)
    assert classifier.feature_scaling_method is FeatureScalingMethod.NORM


def test_scaling_method_is_a_str() -> None:
    assert FeatureScalingMethod("norm") is FeatureScalingMethod.NORM
    assert FeatureScalingMethod.SCALE == "scale"


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_pca_components": 0}, ValueError, "0"),
        ({"n_pca_components": 1.5}, ValueError, "1.5"),
        ({"n_pca_components": "many"}, TypeError, "many"),
        ({"n_pca_components": True}, TypeError, "True"),
        ({"feature_scaling_method": "mean"}, ValueError, "feature_scaling_method is 'mean'; valid: norm, scale"),
        ({"feature_scaling_method": 3}, TypeError, "3"),
        ({"max_training_points": 1}, ValueError, "max_training_points is 1"),
        ({"max_training_points": -1}, ValueError, "max_training_points is -1"),
        ({"max_training_points": 2.5}, TypeError, "2.5"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"seed": 2**64}, ValueError, "seed is"),
        ({"num_threads": -1}, ValueError, "num_threads is -1"),
        ({"num_threads": 1025}, ValueError, "1025"),
    ],
)
def test_bad_parameters_are_refused_by_name(parameters, error, message) -> None:
    with pytest.raises(error, match=message):
        KDEClassifier(**parameters)


def test_a_share_of_variance(train) -> None:
    classifier = KDEClassifier(np.float32(0.9))
    assert classifier.fit(train)
    assert 0.9 <= classifier.report().explained_variance < 1
    assert classifier.report().components < 24


def test_fit_with_too_few_rows_makes_no_model(train) -> None:
    classifier = KDEClassifier(6)
    assert classifier.fit(train) is True
    assert classifier.fit(train[:5]) is False
    assert not classifier.is_fitted
    with pytest.raises(kernad.NotFittedError, match="not fitted"):
        classifier.predict(train)


@pytest.mark.parametrize("call", ["predict", "compute_kde_scores", "forward", "__call__"])
def test_scoring_before_fit(train, call) -> None:
    with pytest.raises(kernad.NotFittedError) as caught:
        getattr(KDEClassifier(), call)(train)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, AttributeError)


@pytest.mark.parametrize("call", ["report", "state_dict"])
def test_state_before_fit(call) -> None:
    with pytest.raises(kernad.NotFittedError):
        getattr(KDEClassifier(), call)()


def test_a_failed_fit_keeps_the_model(fitted, queries, log_density) -> None:
    with pytest.raises(ValueError, match="identical"):
        fitted.fit(np.ones((50, 24), np.float32))
    np.testing.assert_array_equal(fitted.compute_kde_scores(queries, as_log_likelihood=True), log_density)


def test_scores_are_finite_float64_and_ordered(log_density) -> None:
    assert log_density.dtype == np.float64
    assert np.isfinite(log_density).all()


def test_all_ways_to_a_probability_agree(fitted, queries, log_density) -> None:
    probability = KDEClassifier.compute_probabilities(log_density)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(probability, 1 / (1 + np.exp(0.05 * (log_density - 12))), rtol=1e-14)
    for ask in (fitted.predict, fitted.forward, fitted):
        np.testing.assert_array_equal(ask(queries), probability)
    with np.errstate(under="ignore"):
        np.testing.assert_allclose(fitted.compute_kde_scores(queries), np.exp(log_density), rtol=1e-12)


def test_probabilities_of_strange_scores() -> None:
    np.testing.assert_array_equal(KDEClassifier.compute_probabilities([-np.inf, 12, np.inf]), [1, 0.5, 0])
    with pytest.raises(ValueError, match="score 1 is NaN"):
        KDEClassifier.compute_probabilities([0.0, np.nan])
    with pytest.raises(ValueError, match="one number a row"):
        KDEClassifier.compute_probabilities([[1.0]])


def test_pre_process(train) -> None:
    rows = train[:, :4] - 2
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    scaled, longest = KDEClassifier().pre_process(rows)
    assert longest == pytest.approx(lengths.max())
    np.testing.assert_allclose(scaled, rows / longest, rtol=1e-6)
    np.testing.assert_allclose(KDEClassifier().pre_process(rows, max_length=4)[0], rows / 4, rtol=1e-6)
    unit, _ = KDEClassifier(feature_scaling_method="norm").pre_process(rows)
    np.testing.assert_allclose(unit, rows / lengths[:, None], rtol=1e-6)
    with pytest.raises(ValueError, match="max_length is -1"):
        KDEClassifier().pre_process(rows, max_length=-1)


def test_report_and_warnings(train) -> None:
    classifier = KDEClassifier(40, max_training_points=100)
    with pytest.warns(kernad.FitWarning) as caught:
        classifier.fit(train)
    report = classifier.report()
    assert report.notes == tuple(str(w.message) for w in caught)
    assert [note.code for note in report.notes] == ["rows_sampled", "components_cut"]
    assert [w.message.code for w in caught] == ["rows_sampled", "components_cut"]  # type: ignore[union-attr]
    assert pickle.loads(pickle.dumps(report)).notes[1].code == "components_cut"
    assert (report.rows_seen, report.rows_used, report.columns) == (300, 100, 24)
    assert report.components == report.rank == 24
    assert caught[0].filename == __file__


def test_the_sample_is_the_one_that_sample_rows_tells(train, queries) -> None:
    chosen = kernad.sample_rows(len(train), 100, seed=7)
    sampled = KDEClassifier(6, max_training_points=100, seed=7)
    with pytest.warns(kernad.FitWarning, match="sample of 100 of 300"):
        sampled.fit(train)
    alone = KDEClassifier(6)
    alone.fit(train[chosen])
    np.testing.assert_array_equal(sampled.predict(queries), alone.predict(queries))
    assert len(set(chosen.tolist())) == 100
    with pytest.raises(ValueError, match="rows is -1"):
        kernad.sample_rows(-1, 3)


def test_state_dict_round_trip(fitted, queries, log_density) -> None:
    state = fitted.state_dict()
    assert state["pca_model.singular_vectors"].shape == (24, 6)
    assert state["kde_model.dataset"].shape == (300, 6)
    assert state.metadata["format"] == "kernad"
    other = KDEClassifier()
    other.load_state_dict(state)
    assert other.feature_scaling_method == fitted.feature_scaling_method
    assert other.report() == fitted.report()
    np.testing.assert_array_equal(other.compute_kde_scores(queries, as_log_likelihood=True), log_density)


def test_state_under_a_prefix_beside_other_tensors(fitted, queries, log_density) -> None:
    state = kernad.StateDict({f"model.classifier.{k}": v for k, v in fitted.state_dict().items()})
    state["model.backbone.weight"] = np.zeros((3, 3), np.float32)
    other = KDEClassifier(feature_scaling_method=fitted.feature_scaling_method)
    with pytest.warns(kernad.FitWarning, match="feature scaling method"):
        other.load_state_dict(state)
    np.testing.assert_array_equal(other.compute_kde_scores(queries, as_log_likelihood=True), log_density)


@pytest.mark.parametrize("broken", ["missing", "shape", "nan", "complex"])
def test_a_broken_state_leaves_the_classifier(fitted, queries, log_density, broken) -> None:
    state = fitted.state_dict()
    name = "kde_model.bw_transform"
    if broken == "missing":
        del state[name]
    elif broken == "shape":
        state[name] = state[name][:, :2]
    elif broken == "nan":
        state[name] = state[name] * np.nan
    else:
        state[name] = state[name].astype(complex)
    with pytest.raises(ValueError, match=name):
        fitted.load_state_dict(state)
    np.testing.assert_array_equal(fitted.compute_kde_scores(queries, as_log_likelihood=True), log_density)


def test_save_and_load(fitted, queries, log_density, tmp_path) -> None:
    path = tmp_path / "model.safetensors"
    fitted.save(path)
    loaded = KDEClassifier.load(str(path), num_threads=1)
    assert loaded.num_threads == 1
    assert repr(loaded) == repr(fitted)
    np.testing.assert_array_equal(loaded.compute_kde_scores(queries, as_log_likelihood=True), log_density)


def test_files_that_cannot_be_used(fitted, tmp_path) -> None:
    with pytest.raises(OSError, match=r"nowhere.*No such file"):
        KDEClassifier.load(tmp_path / "nowhere.safetensors")
    with pytest.raises(kernad.WriteError, match="No such file"):
        fitted.save(tmp_path / "no" / "folder.safetensors")
    path = tmp_path / "cut.safetensors"
    fitted.save(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(kernad.ReadError, match=r"cut\.safetensors"):
        KDEClassifier.load(path)
    with pytest.raises(kernad.NotFittedError):
        KDEClassifier().save(tmp_path / "empty.safetensors")


def through_joblib(classifier: KDEClassifier) -> KDEClassifier:
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    file = io.BytesIO()
    joblib.dump(classifier, file)
    file.seek(0)
    loaded: KDEClassifier = joblib.load(file)
    return loaded


@pytest.mark.parametrize(
    "clone",
    [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c)), through_joblib],
    ids=["copy", "deepcopy", "pickle", "joblib"],
)
def test_copies_are_the_same_classifier(fitted, queries, log_density, clone) -> None:
    fitted.num_threads = 1
    other = clone(fitted)
    assert other.num_threads == 1
    assert other.report() == fitted.report()
    np.testing.assert_array_equal(other.compute_kde_scores(queries, as_log_likelihood=True), log_density)
    unfitted = clone(KDEClassifier(3, "norm", 50, seed=9))
    assert repr(unfitted) == repr(KDEClassifier(3, "norm", 50, seed=9))
    assert not unfitted.is_fitted


def test_a_pickle_holds_a_safetensors_model(fitted, tmp_path) -> None:
    path = tmp_path / "model.safetensors"
    fitted.save(path)
    assert fitted.__getstate__()["model"] == path.read_bytes()


def test_progress_of_scoring_changes_no_bit(fitted, log_density, queries) -> None:
    many = np.tile(queries, (40, 1))
    seen: list[tuple[int, int]] = []
    scores = fitted.compute_kde_scores(many, as_log_likelihood=True, progress=lambda *done: seen.append(done))
    np.testing.assert_array_equal(scores, np.tile(log_density, 40))
    assert [total for _, total in seen] == [len(many)] * len(seen)
    assert [done for done, _ in seen] == [4096, 8192, 12000]
    np.testing.assert_array_equal(fitted.predict(many, progress=lambda *_: None), fitted.predict(many))


def test_progress_of_a_fit(train, fitted) -> None:
    seen: list[tuple[int, int]] = []
    fitted.fit(train, progress=lambda *done: seen.append(done))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_what_a_callback_raises_ends_the_call(train, fitted, queries, log_density) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted.fit(train * 3, progress=stop)
    np.testing.assert_array_equal(fitted.compute_kde_scores(queries, as_log_likelihood=True), log_density)
    with pytest.raises(KeyboardInterrupt):
        fitted.predict(queries, progress=stop)


def test_an_error_under_progress_names_the_row_among_all(fitted, queries) -> None:
    many = np.tile(queries, (40, 1))
    many[5000, 3] = np.nan
    with pytest.raises(ValueError, match="row 5000, column 3 is nan"):
        fitted.predict(many, progress=lambda *_: None)


def test_a_bar_when_asked(fitted, queries, capsys) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    fitted.predict(queries, progress=True)
    assert "300/300" in capsys.readouterr().err
    with pytest.raises(TypeError, match="progress is 3"):
        fitted.predict(queries, progress=3)


def test_system_info() -> None:
    info = kernad.system_info()
    assert info.version == kernad.__version__
    assert info.kernel_target in info.kernel_targets
    assert info.threads >= 1


def test_a_path_with_a_null_byte_is_refused(tmp_path) -> None:
    classifier = kernad.KDEClassifier(2)
    classifier.fit(np.random.default_rng(0).normal(size=(20, 3)))
    for call in (classifier.save, kernad.KDEClassifier.load, kernad.Sketch.load):
        with pytest.raises(ValueError, match="embedded null byte"):
            call(f"{tmp_path}/a\0b.safetensors")
    assert not list(tmp_path.iterdir())
