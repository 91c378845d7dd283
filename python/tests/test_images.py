"""kernad.images: models, verdicts, heat maps are the command line's; pickles and scikit-learn change none."""

from __future__ import annotations

import copy
import csv
import doctest
import inspect
import io
import os
import pickle
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest

import kernad
from image_support import BROKEN, COOKIES, SMALL, images, small_model, some_cookies
from support import REPOSITORY

CLI = os.environ.get("KERNAD_CLI", "")
TEST = [image.path for image in images.mvtec_test_set(COOKIES)]


@pytest.fixture(scope="module")
def model() -> images.ImageModel:
    return small_model()


@pytest.fixture(scope="module")
def file(model, tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("images") / "model.safetensors"
    model.save(path)
    return path


def run_cli(*arguments: object) -> str:
    if not CLI:
        pytest.skip("KERNAD_CLI does not name the command line's binary")
    ran = subprocess.run([CLI, *map(str, arguments)], capture_output=True, text=True, check=False)
    if "built without" in ran.stderr:
        pytest.skip("the command line was built without images")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_command_line_fits_the_same_bytes(tmp_path) -> None:
    options = ["--size", 128, "--components", 16, "--folds", 3, "--target-fpr", 0.07]
    run_cli("fit", COOKIES, "-o", tmp_path / "cli", *options)
    with pytest.warns(kernad.FitWarning, match=r"030\.jpg: is far from the others") as caught:
        fitted = images.ImageModel(**SMALL, target_fpr=0.07).fit(COOKIES)
    assert caught[0].message.code == "odd_image"
    assert fitted.report().odd[0].name.endswith("030.jpg")
    fitted.save(tmp_path / "python")
    assert (tmp_path / "python").read_bytes() == (tmp_path / "cli").read_bytes()


def test_tiles_are_those_of_the_command_line(tmp_path) -> None:
    options = ["--size", 64, "--components", 8, "--folds", 2, "--target-fpr", 0.07, "--tile", 256]
    run_cli("fit", COOKIES, "-o", tmp_path / "cli", *options)
    small = {"size": 64, "components": 8, "folds": 2, "tile": 256, "num_threads": 2}
    with pytest.warns(kernad.FitWarning):
        images.ImageModel(**small, target_fpr=0.07).fit(COOKIES).save(tmp_path / "python")
    assert (tmp_path / "python").read_bytes() == (tmp_path / "cli").read_bytes()


def test_odd_images_are_treated_as_asked() -> None:
    thresholds = {}
    for odd, said in (("reference", "does not count"), ("leave-out", "is left out"), ("keep", "raises the threshold")):
        with pytest.warns(kernad.FitWarning, match=rf"030\.jpg: .*{said}"):
            fitted = images.ImageModel(**SMALL, target_fpr=0.07, odd=odd).fit(COOKIES)
        assert fitted.report().odd[0].treatment == odd
        thresholds[odd] = fitted.threshold
    assert thresholds["reference"] < thresholds["keep"] and thresholds["leave-out"] < thresholds["keep"]
    with pytest.raises(kernad.InvalidParameter, match="odd is 'drop'; valid: 'reference', 'leave-out' or 'keep'"):
        images.ImageModel(**SMALL, odd="drop").fit(COOKIES)


def test_the_command_line_has_the_same_verdicts(file, tmp_path) -> None:
    loaded = images.ImageModel.load(file)
    rows = list(csv.DictReader(io.StringIO(run_cli("predict", file, COOKIES, "--heatmaps", tmp_path))))
    assert {row["file"] for row in rows} == set(TEST)
    for row, verdict in zip(rows, loaded.judge_all([row["file"] for row in rows]), strict=True):
        assert row["file"] == verdict.name
        assert row["label"] == str(int(verdict.anomalous))
        for name in ("score", "p_value", "surprisal"):
            assert float(row[name]) == getattr(verdict, name)
        for name in ("x", "y", "width", "height"):
            assert int(row[name]) == getattr(verdict.hottest, name)
    name = "cracked/003"
    np.testing.assert_array_equal(loaded.heat_map(BROKEN), np.load(tmp_path / f"{name}.npy"))
    np.testing.assert_array_equal(loaded.overlay(BROKEN), images.read_image(tmp_path / f"{name}.png"))


def test_verdicts_and_estimates_agree(model) -> None:
    model = copy.copy(model)
    model.set_target_fpr(0.4)  # so that there are both
    verdicts = model.judge_all(TEST)
    surprisal = np.array([verdict.surprisal for verdict in verdicts])
    np.testing.assert_array_equal(model.score_samples(TEST), -surprisal)
    np.testing.assert_array_equal(model.predict(TEST), np.where(surprisal >= model.threshold, -1, 1))
    np.testing.assert_array_equal(model.decision_function(TEST) < 0, model.predict(TEST) == -1)
    np.testing.assert_array_equal(model.p_values(TEST), [verdict.p_value for verdict in verdicts])
    assert set(model.predict(TEST)) == {1, -1}
    assert model.score_samples(some_cookies()).mean() > model.score_samples(TEST).mean()
    held_out = model.calibration.log_densities
    assert len(held_out) == 12
    expected = [(1 + (held_out <= -s).sum()) / 13 for s in surprisal]
    np.testing.assert_allclose(model.p_values(TEST), expected, rtol=1e-15)


def test_an_image_at_the_threshold_is_anomalous_in_every_sense(model, monkeypatch) -> None:
    model = copy.copy(model)
    threshold = model.threshold
    monkeypatch.setattr(type(model), "score_samples", lambda self, _: np.array([-threshold]))
    assert model.decision_function(BROKEN)[0] < 0


def test_heat_maps_have_the_image_s_size_and_are_hot_in_the_box(model) -> None:
    verdict = model.judge(BROKEN)
    heat, box = verdict.heat_map(), verdict.hottest
    assert heat.shape == (verdict.height, verdict.width) == (512, 384)
    assert heat.dtype == np.float32
    inside = heat[box.y : box.y + box.height, box.x : box.x + box.width]
    assert inside.max() == heat.max()
    assert verdict.map.shape == model.report().grid == (16, 16)
    usual, limit = model.heat_scale
    assert usual < limit
    assert model.overlay(BROKEN).shape == (512, 384, 3)


def test_the_nearest_patches_of_a_training_image_are_its_own(model) -> None:
    path = some_cookies()[4]
    near = model.nearest(path, 5, 7, 3)
    assert [(near[0].name, near[0].image), (near[0].row, near[0].col)] == [(path, 4), (5, 7)]
    assert near[0].distance == pytest.approx(0, abs=1e-4)
    assert near[0].weight >= near[1].weight >= near[2].weight
    hottest = divmod(int(model.judge(BROKEN).map.argmax()), 16)
    assert model.nearest(BROKEN) == model.nearest(BROKEN, *hottest, 5)
    with pytest.raises(ValueError, match="row is 16; valid: 0 to 15"):
        model.nearest(BROKEN, 16, 0)
    with pytest.raises(TypeError, match="both or none"):
        model.nearest(BROKEN, 3)


def test_pixels_and_files_fit_the_same_model(model, tmp_path) -> None:
    pixels = [images.read_image(path) for path in some_cookies()]
    with pytest.warns(kernad.FitWarning, match=r"12 images cannot promise a false-alarm rate below 7.7%"):
        other = images.ImageModel(**SMALL, num_threads=1).fit(pixels)
    np.testing.assert_array_equal(other.score_samples(TEST), model.score_samples(TEST))
    assert other.threshold == model.threshold
    assert other.nearest(pixels[4], 5, 7, 1)[0].name == "images[4]"


def test_copies_and_pickles_judge_the_same(model) -> None:
    expected = model.judge(BROKEN)
    for twin in [copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]:
        assert twin.judge(BROKEN) == expected
        assert repr(twin) == repr(model)
        twin.set_target_fpr(0.3)
    assert model.target_fpr is None
    assert pickle.loads(pickle.dumps(expected)) == expected
    damaged = pickle.dumps(model).replace(b"kernad_images", b"kernad_imageX")
    with pytest.raises(kernad.ReadError, match="pickle of an ImageModel: damaged"):
        pickle.loads(damaged)
    assert repr(pickle.loads(pickle.dumps(images.ImageModel()))) == "ImageModel(not fitted)"


def test_scikit_learn_takes_it(model) -> None:
    sklearn_base = pytest.importorskip("sklearn.base", reason="scikit-learn is not installed")
    from sklearn.model_selection import GridSearchCV, cross_val_score

    twin = sklearn_base.clone(model)
    assert repr(twin) == "ImageModel(components=16, size=128, folds=3, not fitted)"
    assert sklearn_base.is_outlier_detector(twin)
    good = [path for path in TEST if "good" in path]
    broken = [path for path in TEST if "cracked" in path]
    files, labels = some_cookies() + good + broken, np.repeat([1, -1], [12 + len(good), len(broken)])
    split = [(np.arange(12), np.arange(12, len(files)))]
    twin.set_params(target_fpr=0.3)
    assert cross_val_score(twin, files, labels, cv=split, scoring="roc_auc", error_score="raise")[0] > 0.8
    search = GridSearchCV(twin, {"components": [4, 8]}, cv=split, scoring="roc_auc", refit=False, error_score="raise")
    assert search.fit(files, labels).best_score_ > 0.8
    with pytest.raises(ValueError, match="option 'component' is not known; valid: target_fpr, components"):
        twin.set_params(component=3)


BAD_OPTIONS = [
    ({"components": 0}, "components is 0; valid: at least 1"),
    ({"max_patches": 10}, "max_patches is 10; valid: at least 1000"),
    ({"folds": 1}, "folds is 1; valid: at least 2"),
    ({"size": 8}, "size is 8; valid: 16 to 4096"),
    ({"num_threads": -1}, "num_threads is -1"),
    ({"spatial_width": 0}, "valid: a number of patches above 0"),
    ({"bandwidth": float("nan")}, "valid: a finite number above 0"),
    ({"layers": "b4"}, "layers is 'b4'; valid: a list"),
    ({"layers": ["b5"]}, "has no layer 'b5'; its outputs: b4, b10"),
    ({"mean": [0.5]}, "mean of the backbone: valid: three"),
    ({"backbone": "/no/such.onnx"}, "/no/such.onnx: No such file"),
    ({"mask": "/no/such.png"}, "/no/such.png: No such file"),
    ({"target_fpr": 0.01}, "0.01 cannot be promised from 12"),
    ({"target_fpr": 2}, "valid: |0, 1"),
]


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS)
def test_options_out_of_range_are_refused(options, message) -> None:
    with pytest.raises((ValueError, OSError), match=message):
        images.ImageModel(**SMALL | options).fit(some_cookies())


def test_too_few_images_and_no_model_are_refused(tmp_path) -> None:
    model = images.ImageModel()
    for few in [[], [BROKEN], BROKEN]:
        with pytest.raises(kernad.InvalidInput, match=r"no images|is one image.*; a model needs at least 2"):
            model.fit(few)
    for call in [model.judge, model.predict, model.decision_function, model.save, model.nearest]:
        with pytest.raises(kernad.NotFittedError, match="ImageModel is not fitted"):
            call(BROKEN)
    (tmp_path / "text").write_text("a letter")
    for wrong in [tmp_path / "text", tmp_path / "missing", REPOSITORY / "python" / "tests" / "zeros.safetensors"]:
        with pytest.raises(kernad.ReadError, match=wrong.name):
            images.ImageModel.load(wrong)


def test_progress_comes_to_its_end(file) -> None:
    seen: list[tuple[int, int]] = []
    model = images.ImageModel(**SMALL, target_fpr=0.1).fit(some_cookies(), progress=lambda *now: seen.append(now))
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def stop(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        model.fit(some_cookies(), progress=stop)
    assert model.report().images == 12


def test_the_stub_has_what_the_module_has() -> None:
    import ast

    from kernad import _images

    assert _images.__file__ is not None
    tree = ast.parse((Path(_images.__file__).parent / "_images.pyi").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert functions | set(classes) == {name for name in vars(_images) if not name.startswith("__")}
    members = {node.name for node in classes["ImageModel"].body if isinstance(node, ast.FunctionDef)}
    assert members - {"__init__"} == {name for name in vars(_images.ImageModel) if not name.startswith("__")}
    assert inspect.isclass(_images.ImageModel)


def test_the_wheel_carries_openvino_and_its_notices() -> None:
    from kernad import _images

    assert _images.__file__ is not None
    folder = Path(_images.__file__).parent
    lines = subprocess.run(["ldd", _images.__file__], capture_output=True, text=True, check=True).stdout
    assert "not found" not in lines
    assert str(folder / "openvino" / "libopenvino.so") in lines
    assert "libopenblas" not in lines, "it would meet that of another module"
    assert "Apache License" in (folder / "openvino" / "licenses" / "LICENSE").read_text()
    assert (folder / "backbone" / "LICENSE.md").exists()


def test_examples_in_the_documentation_run(tmp_path, monkeypatch) -> None:
    pytest.importorskip("PIL", reason="Pillow is not installed")
    monkeypatch.syspath_prepend(REPOSITORY / "tests" / "docs")
    from pages import blocks  # type: ignore[import-not-found]

    page = REPOSITORY / "docs" / "images.md"
    text = "".join(block.text for block in blocks(page) if block.language == "pycon")
    (tmp_path / "data").symlink_to(COOKIES.parent)
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)  # of an odd cookie
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        ran = runner.run(doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0))
    assert ran.attempted > 10
    assert ran.failed == 0
