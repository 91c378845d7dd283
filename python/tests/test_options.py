"""Every way into the classifier has the options of the core's table, with its defaults."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import numpy as np
import pytest

import kernad
from kernad import _core
from kernad._options import to_texts, to_values
from support import make_rows

TABLE = {row["key"]: row for row in _core.estimator_options()}
RENAMED = {"random_state": "seed"}  # scikit-learn's name
ADAPTERS = [
    "kernad:KDEClassifier",
    "kernad.torch:KDEClassifier",
    "kernad.sklearn:KDEAnomalyDetector",
    "kernad.pyod:KDE",
]


def adapter(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if module != "kernad":
        pytest.importorskip(module.removeprefix("kernad."), reason=f"{module} needs a package that is not installed")
    return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_has_every_option_with_its_default(name: str) -> None:
    parameters = {
        RENAMED.get(key, key): parameter.default
        for key, parameter in inspect.signature(adapter(name)).parameters.items()
    }
    assert set(TABLE) - set(parameters) == set()
    for key, row in TABLE.items():
        default = 0 if parameters[key] is None and key == "seed" else parameters[key]
        assert to_values(to_texts({key: default})) == to_values({key: row["default"]}), key


# A value of each that is not its default.
OTHERS: dict[str, Any] = {
    "n_pca_components": 0.75,
    "standardize": True,
    "bandwidth": 0.1,
    "covariance": "oas",
    "local_alpha": 0.3,
    "feature_scaling_method": "norm",
    "all_rows": True,
    "auto": True,
    "max_training_points": 77,
    "seed": 2**64 - 1,
}


def test_every_option_arrives_and_returns() -> None:
    assert set(OTHERS) == set(TABLE)
    for key, value in OTHERS.items():
        classifier = kernad.KDEClassifier(**{key: value})
        assert getattr(classifier, key) == value
        assert classifier.__getstate__()["parameters"][key] == value
        with pytest.raises(AttributeError, match=key):
            setattr(classifier, key, value)


@pytest.mark.parametrize("value", ["no", "", 0, 1, None, [], "False"])
def test_only_true_and_false_are_bools(value: Any) -> None:
    for make in (
        lambda: kernad.KDEClassifier(standardize=value),
        lambda: kernad.KDEClassifier(auto=value),
        lambda: kernad.KDEClassifier(pruning=value),
        lambda: kernad.GaussianKDE(pruning=value),
        lambda: setattr(kernad.KDEClassifier(), "pruning", value),
    ):
        with pytest.raises(TypeError, match="(standardize|auto|pruning) is .*; True or False is needed"):
            make()
    assert kernad.KDEClassifier(standardize=np.bool_(True)).standardize is True


@pytest.mark.parametrize("name", ADAPTERS)
def test_no_number_of_components_is_all(name: str) -> None:
    rows = make_rows(40, 6)
    options = {"folds": None} if name.endswith(("Detector", ":KDE")) else {}
    made = adapter(name)(n_pca_components=None, **options)
    made.fit(rows if "torch" not in name else importlib.import_module("torch").from_numpy(rows))
    report = getattr(made, "classifier_", made).report() if "torch" not in name else made.report()
    assert report.components == 6
    pca = kernad.PCA(None)
    pca.fit(rows)
    assert pca.num_components == 6


def test_repr_shows_what_is_not_the_default() -> None:
    for key, value in OTHERS.items():
        assert f"{key}={getattr(kernad.KDEClassifier(**{key: value}), key)!r}" in repr(
            kernad.KDEClassifier(**{key: value})
        )


def test_a_bandwidth_is_no_bool() -> None:
    """True was the number 1."""
    for wrong in (True, np.True_):
        with pytest.raises(TypeError, match="bandwidth is .*True.*; a number or the name of a rule is needed"):
            kernad.KDEClassifier(bandwidth=wrong)
