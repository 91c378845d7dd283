"""Makes shrinkage.safetensors of the folder golden: shrinkage intensities by scikit-learn.

    python make_shrinkage.py OUT_FOLDER

needs numpy, safetensors and scikit-learn. For each made-up set NAME: NAME (float32, rows x columns) and NAME.expected
(float64): the intensities of Ledoit-Wolf and of OAS.
"""

import sys
from pathlib import Path

import numpy as np
import safetensors.numpy
from sklearn.covariance import ledoit_wolf_shrinkage, oas


def made_up_data() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(20260102)
    deviations = 0.8 ** np.arange(24)
    return {
        "tall": rng.standard_normal((60, 8)) @ rng.standard_normal((8, 8)) + 3.0,
        "wide": rng.standard_normal((12, 24)) * deviations,
        "heavy": rng.standard_t(2, size=(40, 6)),
        "round": rng.standard_normal((30, 5)),
    }


def main() -> None:
    tensors = {}
    for name, rows in made_up_data().items():
        tensors[name] = rows.astype(np.float32)
        exact = tensors[name].astype(np.float64)
        tensors[f"{name}.expected"] = np.array([ledoit_wolf_shrinkage(exact), oas(exact)[1]])
        print(name, tensors[f"{name}.expected"])
    safetensors.numpy.save_file(tensors, Path(sys.argv[1]) / "shrinkage.safetensors")


if __name__ == "__main__":
    main()
