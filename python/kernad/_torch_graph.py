"""The classifier's log-density in torch operations alone: for tracing, export, gradients and devices.

The formulas are those of ``kernad._fitted``, in float64 where the device has it. They agree with the core to within
1e-4 nats, or 1e-6 of a log-density beyond -100.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.autograd import forward_ad

from kernad import _core
from kernad._errors import NotFittedError
from kernad._fitted import (
    COLUMN_SHIFT,
    DENSITY_TAIL,
    FIRST_TAIL,
    INSIDE_TAIL,
    RESIDUAL_LINE,
    ROUNDING,
    SECOND,
    SECOND_TAIL,
    WEIGHTS,
    dimension,
    has_residual,
    is_pair,
    residual_of,
    tail_of,
)

BLOCK_VALUES = 2**26
"""Maximum number of distances held at once if the batch may be split: half a gigabyte."""


@dataclass(frozen=True)
class Form:
    """What the shapes of a model's buffers decide, as plain values: a trace must not depend on its tensors."""

    pair: bool
    residual: tuple[bool, bool]
    """Of the first and the second density."""
    dimension: tuple[int, int]
    size: tuple[int, int]
    """N, the number of training rows."""
    beyond: bool
    """Whether the first density's constant exceeds float32, in which the reference stores it."""
    tail: tuple[int, int]
    """Number of log-densities in the tails of two densities."""
    subspace: tuple[int, int]
    """The same for the density and the distance from the training rows' subspace; 0 for a model that has none."""
    judged: bool
    """Whether what the densities do not see of a row counts."""


def form_of(buffers: Mapping[str, Any]) -> Form:
    """The form of a fitted model's buffers."""
    pair = is_pair(buffers)
    prefixes = ["", SECOND if pair else ""]
    first, second = ((has_residual(buffers, p), dimension(buffers, p)) for p in prefixes)
    sizes = tuple(int(buffers[p + "kde_model.dataset"].shape[0]) for p in prefixes)
    norm = float(buffers["kde_model.norm"].reshape(-1)[0])
    beyond = "kde_model.log_norm" not in buffers and not 0 < norm < math.inf
    tails = (len(buffers[FIRST_TAIL]), len(buffers[SECOND_TAIL])) if pair else (0, 0)
    judged = DENSITY_TAIL in buffers
    subspace = (len(buffers[DENSITY_TAIL]), len(buffers[INSIDE_TAIL])) if judged else (0, 0)
    return Form(
        pair,
        (first[0], second[0]),
        (first[1], second[1]),
        (sizes[0], sizes[1]),
        beyond,
        tails,
        subspace,
        RESIDUAL_LINE in buffers,
    )


def tail_buffers(buffers: Mapping[str, Any]) -> dict[str, Any]:
    """What ``log_densities`` needs besides a model's buffers: each tail's knots, surprisals and slope; the residual's
    maps.
    """
    derived = {}
    for name in {FIRST_TAIL, SECOND_TAIL, DENSITY_TAIL, INSIDE_TAIL} & set(buffers):
        tail = tail_of(buffers[name].detach().cpu().double().numpy())
        derived[f"{name}_knots"] = torch.from_numpy(tail.knots)
        derived[f"{name}_surprisals"] = torch.from_numpy(tail.surprisals)
        derived[f"{name}_slope"] = torch.tensor(tail.slope, dtype=torch.float64)
    if RESIDUAL_LINE in buffers:
        residual = residual_of({name: value.detach().cpu().double().numpy() for name, value in buffers.items()})
        parts = {"mean": residual.mean, "scale": residual.scale, "inner": residual.inner, "outer": residual.outer}
        derived |= {f"residual.{name}": torch.from_numpy(x.copy()) for name, x in parts.items() if x is not None}
    return derived


def log_densities(features: Any, buffers: Mapping[str, Any], form: Form, by_norm: bool) -> Any:
    """Log-density of each row of M x D; NaN for a row that is not finite."""
    rows = features.to(dtype_for(features.device))
    if COLUMN_SHIFT in buffers:
        rows = (rows - buffers[COLUMN_SHIFT].to(rows.dtype)).float().to(rows.dtype)
    result = _density(rows, buffers, form, 0, by_norm)
    if form.pair:
        second = _density(rows, buffers, form, 1, by_norm)
        result = _lower(result, second, buffers, (FIRST_TAIL, SECOND_TAIL), form.tail)
    if form.judged:
        at, slope = buffers[RESIDUAL_LINE].to(rows.dtype).unbind()
        equal = (at - slope * _residual(rows, buffers)).clamp(min=torch.finfo(rows.dtype).min)
        result = torch.minimum(result, equal)
    if form.subspace[0]:
        result = _lower(result, _inside(rows, buffers), buffers, (DENSITY_TAIL, INSIDE_TAIL), form.subspace)
    return torch.where(torch.isfinite(rows).all(dim=1), result, math.nan)


def dtype_for(device: Any) -> Any:
    """float64 if the device has it."""
    return torch.float32 if device.type == "mps" else torch.float64


def is_transformed(features: Any) -> bool:
    """Whether the tensor carries what a function of torch.func, or of forward-mode gradients, is after."""
    if torch._C._functorch.is_functorch_wrapped_tensor(features):
        return True
    return forward_ad._current_level >= 0 and forward_ad.unpack_dual(features).tangent is not None


def kernel_sums(
    scaled: Any, buffers: Mapping[str, Any], size: int, dimensions: int, prefix: str = "", beyond: bool = False
) -> Any:
    """Log-density of each row of scaled features. beyond: the constant is taken from the whitening, not from norm."""

    def buffer(name: str) -> Any:
        value = buffers.get(prefix + name)
        return None if value is None else value.to(scaled.dtype)

    mean, whitening, references = (
        buffer("kde_model.mean"),
        buffer("kde_model.bw_transform"),
        buffer("kde_model.dataset"),
    )
    queries = (scaled if mean is None else scaled - mean) @ whitening
    exact = buffer("kde_model.exact_dataset")
    exponents = -_half_squares(queries, references if exact is None else exact, exact is not None)
    factors = buffer("kde_model.local_factors")
    if factors is not None:
        exponents = exponents / factors.square() - dimensions * factors.log()
    weights = buffer(WEIGHTS)
    total: Any = math.log(size)
    if weights is not None:
        exponents, total = exponents + weights.log(), weights.sum().log()
    log_norm = buffer("kde_model.log_norm")
    if log_norm is None:
        log_norm = _log_norm_of(whitening) if beyond else buffer("kde_model.norm").log()
    return torch.logsumexp(exponents, dim=1) + (log_norm.reshape(()) - total)


def probabilities(log_densities: Any, midpoint: float | None = None) -> Any:
    """``KDEClassifier.compute_probabilities``, NaN of NaN, with another midpoint if one is given."""
    half = _core.PROBABILITY_MIDPOINT if midpoint is None else midpoint
    return torch.sigmoid(_core.PROBABILITY_SLOPE * (half - log_densities))


def p_values(log_densities: Any, calibration: Any) -> Any:
    """``KDEClassifier.p_values``; the smallest possible for NaN."""
    if calibration is None:
        raise NotFittedError("the classifier is not calibrated; call calibrate or calibrate_from first")
    no_denser = (calibration[None, :] <= log_densities[:, None]).sum(dim=1)
    return (1 + no_denser.to(log_densities.dtype)) / (1 + calibration.numel())


def densities(log_densities: Any) -> Any:
    """exp, but at most the largest double."""
    return torch.exp(log_densities.clamp(max=math.log(np.finfo(np.float64).max)))


def _density(rows: Any, buffers: Mapping[str, Any], form: Form, which: int, by_norm: bool) -> Any:
    prefix = SECOND if which else ""

    def buffer(name: str) -> Any:
        return buffers[prefix + name].to(rows.dtype)

    centred = rows - buffer("pca_model.mean")
    if by_norm:  # lengths do not matter there, but their squares overflow float32
        centred = centred / _largest(centred.abs())
    features = centred @ buffer("pca_model.singular_vectors")
    if form.residual[which]:
        if prefix + "pca_model.column_scale" in buffers:
            centred = centred * buffer("pca_model.column_scale")
        outside = centred.square().sum(dim=1) - features.square().sum(dim=1)
        # The square root has no slope at 0, and clamp passes none on.
        residual = outside.clamp(min=torch.finfo(rows.dtype).tiny).sqrt()
        features = torch.cat([features, residual[:, None]], dim=1)
    if by_norm:
        length = torch.linalg.vector_norm(features, dim=1, keepdim=True)
        scaled = features / torch.where(length == 0, 1.0, length)
    else:
        scaled = features / buffer("max_length").reshape(())
    return kernel_sums(scaled, buffers, form.size[which], form.dimension[which], prefix, form.beyond)


def _half_squares(queries: Any, references: Any, exact: bool = False) -> Any:
    """M x N: half the squared distances. Expanded in float64, which loses nothing that counts where the whitened values
    are no larger than float32 tells apart; float32 would.
    """
    if queries.dtype == torch.float64 and not exact:
        products = queries @ references.transpose(0, 1)
        return 0.5 * queries.square().sum(dim=1, keepdim=True) + 0.5 * references.square().sum(dim=1) - products
    return 0.5 * torch.cdist(queries, references, compute_mode="donot_use_mm_for_euclid_dist").square()


def _log_norm_of(whitening: Any) -> Any:
    """The logarithm of the constant of a triangular whitening."""
    on_diagonal = torch.eye(*whitening.shape, dtype=torch.bool, device=whitening.device)
    return torch.where(on_diagonal, whitening.abs(), 1.0).log().sum() - whitening.shape[1] * math.log(2 * math.pi) / 2


def _residual(rows: Any, buffers: Mapping[str, Any]) -> Any:
    """What the densities do not see of each row, as src/pca/residual.cpp measures it."""

    def buffer(name: str) -> Any:
        return buffers[f"residual.{name}"].to(rows.dtype)

    mean = buffer("mean")
    sizes = torch.maximum(rows.abs(), mean.abs())
    unit = _largest(sizes)
    short = (rows - mean) / unit
    inner = short @ buffer("inner")
    if "residual.outer" not in buffers:
        return inner.square().sum(dim=1) * unit[:, 0] * unit[:, 0]
    square = (short * buffer("scale") - inner @ buffer("outer")).square().sum(dim=1)
    rounding = ROUNDING * (sizes / unit * buffer("scale")).square().sum(dim=1)
    return torch.where(square <= rounding, 0.0, square) * unit[:, 0] * unit[:, 0]


def _largest(sizes: Any) -> Any:
    """M x 1: of each row, in whose unit its squares stay finite in float32; 1 for a row of zeros. Scores do not depend
    on it, so that gradients need not.
    """
    largest = sizes.amax(dim=1, keepdim=True).detach()
    return torch.where(largest == 0, 1.0, largest)


def _inside(rows: Any, buffers: Mapping[str, Any]) -> Any:
    """Minus the distance from the subspace of the training rows, as src/subspace/subspace.cpp measures it."""

    def buffer(name: str) -> Any:
        return buffers[f"subspace.{name}"].to(rows.dtype)

    scale, largest, mean = buffer("scale"), buffer("largest"), buffer("mean")
    varies = (largest != 0).to(rows.dtype)
    unit = _largest(torch.maximum(rows.abs(), torch.maximum(largest, mean.abs())))
    short = (rows - mean) / unit
    square = (short * scale * (1 - varies)).square().sum(dim=1) * unit[:, 0] * unit[:, 0]
    if "subspace.axes" in buffers:
        standardized = short * scale * varies
        along = standardized @ buffer("axes").transpose(0, 1)
        sizes = torch.maximum(rows.abs(), largest) / unit * scale * varies
        rounding = sizes.square().sum(dim=1) * 2.0**-48
        solver = standardized.square().sum(dim=1) * 2.0**-80
        noise = (buffer("noise").reshape(()) / unit[:, 0]).square()
        error = torch.maximum(torch.maximum(rounding, solver), noise)
        square = square + along.square().sum(dim=1) / error
    distance = square.clamp(min=torch.finfo(rows.dtype).tiny).sqrt() / 8
    return torch.where(distance <= 1, 0.0, -distance)


def _lower(first: Any, second: Any, buffers: Mapping[str, Any], tails: tuple[str, str], sizes: tuple[int, int]) -> Any:
    """The lower of the first log-density and the value that is as rare under the first as the second is in its own."""

    def tail(name: str, part: str) -> Any:
        return buffers[f"{name}_{part}"].to(first.dtype)

    knots, surprisals = tail(tails[1], "knots"), tail(tails[1], "surprisals")
    surprisal = _interpolated(-second, -knots, surprisals, sizes[1])
    beyond = math.log(sizes[1] + 1) + (knots[-1] - second) / tail(tails[1], "slope")
    surprisal = torch.where(second < knots[-1], beyond, surprisal)
    common = surprisal <= surprisals[0]

    knots, surprisals = tail(tails[0], "knots"), tail(tails[0], "surprisals")
    equal = _interpolated(surprisal, surprisals, knots, sizes[0])
    past = surprisal - math.log(sizes[0] + 1)
    equal = torch.where(past > 0, knots[-1] - past * tail(tails[0], "slope"), equal)
    return torch.where(common, first, torch.minimum(first, equal))


def _interpolated(x: Any, places: Any, values: Any, count: int) -> Any:
    """Linear between ``count`` ascending positions, constant outside them."""
    after = (places[None, :] < x[:, None]).sum(dim=1).clamp(max=count - 1)
    before = (after - 1).clamp(min=0)
    span = places[after] - places[before]
    share = (x - places[before]) / torch.where(span == 0, 1.0, span)
    return values[before] + share.clamp(0, 1) * (values[after] - values[before])
