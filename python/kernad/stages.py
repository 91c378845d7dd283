"""The two stages under the name of their former module, until the next minor version."""

from kernad.gaussian_kde import GaussianKDE
from kernad.pca import PCA

__all__ = ["PCA", "GaussianKDE"]
