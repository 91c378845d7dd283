"""The two stages by the name of the module that had both, which goes with the next minor version."""

from kernad.gaussian_kde import GaussianKDE
from kernad.pca import PCA

__all__ = ["PCA", "GaussianKDE"]
