"""PCA and GaussianKDE by themselves, against textbook formulas in float64."""

from __future__ import annotations

import numpy as np
import pytest

import kernad


def test_pca_is_the_svd_of_the_centred_rows(train) -> None:
    pca = kernad.PCA(5)
    features = pca.fit_transform(train)
    centred = train.astype(np.float64) - train.astype(np.float64).mean(axis=0)
    _, values, vectors = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(pca.singular_values, values[:5], rtol=1e-9)
    np.testing.assert_allclose(np.abs(pca.singular_vectors), np.abs(vectors[:5].T), atol=1e-7)
    np.testing.assert_allclose(np.abs(features), np.abs(centred @ vectors[:5].T), atol=1e-5)
    np.testing.assert_allclose(pca.mean, train.astype(np.float64).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(pca.explained_variance_ratio, (values**2 / (values**2).sum())[:5], rtol=1e-9)
    assert (pca.num_components, pca.rank) == (5, 24)


def test_pca_and_back(train) -> None:
    pca = kernad.PCA(24)
    np.testing.assert_allclose(pca.inverse_transform(pca.fit_transform(train)), train, atol=1e-5)


def test_any_number_of_threads_gives_the_same_bits(train) -> None:
    one, two = kernad.PCA(5, num_threads=1), kernad.PCA(5, num_threads=2)
    np.testing.assert_array_equal(one.fit_transform(train), two.fit_transform(train))
    with pytest.raises(ValueError, match="num_threads is -1"):
        kernad.PCA(5, num_threads=-1)


def test_pca_errors(train) -> None:
    with pytest.raises(kernad.NotFittedError):
        kernad.PCA(3).transform(train)
    with pytest.raises(kernad.NotFittedError):
        _ = kernad.PCA(3).mean
    with pytest.raises(ValueError, match=r"1\.5"):
        kernad.PCA(1.5)


def test_density_is_scotts(train) -> None:
    rows = train[:, :3].astype(np.float64)
    kde = kernad.GaussianKDE(train[:, :3])
    factor = len(rows) ** (-1 / 7)
    covariance = np.cov(rows.T) * factor**2
    inverse = np.linalg.inv(covariance)
    differences = rows[:50, None, :] - rows[None]
    kernels = np.exp(-0.5 * np.einsum("mni,ij,mnj->mn", differences, inverse, differences))
    expected = np.log(kernels.mean(axis=1)) - 0.5 * np.log(np.linalg.det(2 * np.pi * covariance))
    np.testing.assert_allclose(kde.log_density(train[:50, :3]), expected, atol=1e-4)
    np.testing.assert_allclose(kde(train[:50, :3]), np.exp(expected), rtol=1e-4)
    assert kde.bandwidth_factor == pytest.approx(factor)
    np.testing.assert_allclose(kde.bw_transform @ kde.bw_transform.T, inverse, rtol=1e-6)
    assert kde.dataset.shape == (300, 3)
    assert kde.rank == 3
    np.testing.assert_allclose(kde.mean, rows.mean(axis=0))
    assert kde.log_norm == pytest.approx(-0.5 * np.log(np.linalg.det(2 * np.pi * covariance)))


def test_density_errors(train) -> None:
    with pytest.raises(kernad.NotFittedError):
        kernad.GaussianKDE().log_density(train)
    with pytest.raises(ValueError, match="identical"):
        kernad.GaussianKDE(np.ones((5, 2)))
