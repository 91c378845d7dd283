"""Makes the golden files of this folder by running the reference implementation (anomalib) in float64.

    python make_golden.py PATH_TO_ANOMALIB_SOURCE OUT_FOLDER

needs numpy, safetensors and torch; the path is the folder that holds the package `anomalib`. For each scaling method:
NAME.npz with train, test (float32) and log_likelihood (float64), and NAME.safetensors with the fitted float32 state.
The data are made up: Gaussian rows with decaying deviations, mixed and shifted; a few test rows lie far out, where the
reference's float64 floor, log(1e-300), is not yet reached.
"""

import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import safetensors.torch
import torch


def load_reference(source: Path):
    """The reference's three modules by path: its package imports far more than they need."""

    def module(name: str, path: str):
        spec = importlib.util.spec_from_file_location(name, source / path)
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[name] = loaded
        spec.loader.exec_module(loaded)
        return loaded

    components = types.ModuleType("anomalib.models.components")
    base = types.ModuleType("anomalib.models.components.base")
    sys.modules |= {"anomalib": types.ModuleType("anomalib"), "anomalib.models": types.ModuleType("anomalib.models")}
    sys.modules |= {components.__name__: components, base.__name__: base}
    buffers = module("dynamic_buffer", "anomalib/models/components/base/dynamic_buffer.py")
    base.DynamicBufferMixin = buffers.DynamicBufferMixin
    components.PCA = module("pca", "anomalib/models/components/dimensionality_reduction/pca.py").PCA
    components.GaussianKDE = module("kde", "anomalib/models/components/stats/kde.py").GaussianKDE
    return module("kde_classifier", "anomalib/models/components/classification/kde_classifier.py")


def made_up_data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20260101)
    mixing = np.linalg.qr(rng.standard_normal((24, 24)))[0]
    deviations = 0.8 ** np.arange(24)
    train = (rng.standard_normal((60, 24)) * deviations) @ mixing + 2.0
    test = (rng.standard_normal((40, 24)) * deviations * np.repeat([1.0, 3.0], 20)[:, None]) @ mixing + 2.0
    return train.astype(np.float32), test.astype(np.float32)


def main() -> None:
    reference = load_reference(Path(sys.argv[1]))
    out = Path(sys.argv[2])
    train, test = made_up_data()
    for method in ("scale", "norm"):
        scaling = reference.FeatureScalingMethod(method)

        def fitted(dtype: torch.dtype):
            torch.set_default_dtype(dtype)
            classifier = reference.KDEClassifier(6, scaling)
            classifier.fit(torch.tensor(train, dtype=dtype))
            return classifier

        classifier = fitted(torch.float64)
        log_likelihood = classifier.compute_kde_scores(torch.tensor(test, dtype=torch.float64), as_log_likelihood=True)
        imported = fitted(torch.float32)
        # The standard for scoring an imported state: the float32 state, computed with in float64.
        imported_score = imported.double()
        torch.set_default_dtype(torch.float64)
        scored = imported_score.compute_kde_scores(torch.tensor(test, dtype=torch.float64), as_log_likelihood=True)
        state = {name: tensor.reshape(1) if tensor.ndim == 0 else tensor for name, tensor in imported.state_dict().items()}
        state = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
        metadata = {"format": "pt", "n_pca_components": "6", "feature_scaling_method": method, "max_training_points": "40000"}
        safetensors.torch.save_file({k: v.contiguous() for k, v in state.items()}, out / f"{method}.safetensors", metadata)
        np.savez_compressed(
            out / f"{method}.npz", train=train, test=test, log_likelihood=log_likelihood.numpy(), scored=scored.numpy()
        )


if __name__ == "__main__":
    main()
