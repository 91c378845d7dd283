"""The parts of the torch module: buffers under the reference's names, and the methods of the reference's parts."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.fx import Proxy

from kernad import _torch_graph as graph
from kernad._errors import InvalidInput
from kernad._types import FeatureScalingMethod

RECORDERS = "torch.export.export and torch.jit.trace record the module, from rows given as an example"


def require_dense(value: Any, name: str) -> None:
    """Raises InvalidInput for a tensor that is sparse or quantized, or has no values; and for one of torch.fx."""
    if isinstance(value, Proxy):
        raise InvalidInput(f"{name}: a Proxy of torch.fx, which has no values; {RECORDERS}")
    if not isinstance(value, torch.Tensor) or torch.jit.is_tracing() or torch.compiler.is_compiling():
        return
    if value.device.type == "meta":
        raise InvalidInput(f"{name}: a tensor on the meta device, which has no values; one with values is needed")
    if value.layout is not torch.strided or value.is_quantized:
        what, remedy = ("quantized", "dequantize()") if value.is_quantized else (str(value.layout), "to_dense()")
        raise InvalidInput(f"{name}: a {what} tensor; a dense one is needed ({remedy})")


def method_name(method: Any) -> str:
    """Either "norm" or "scale", of anomalib's enum too. Raises ValueError for another."""
    return str(FeatureScalingMethod(getattr(method, "value", method)).value)


class Buffers(nn.Module):  # type: ignore[misc]
    """Buffers that take whatever shape a state dict brings, as the reference's do.

    ``half()`` and other narrower types change the type of no buffer: 3 digits are too few for a whitening, and the
    reference's ``norm`` is infinite in float16, by which every row would be normal.
    """

    def __init__(self, *names: str) -> None:
        super().__init__()
        for name in names:
            self.register_buffer(name, torch.empty(0))

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:
        for name, buffer in self._buffers.items():
            value = state_dict.get(prefix + name)
            if isinstance(value, torch.Tensor) and buffer is not None:
                with torch.inference_mode(False):  # tensors of that mode do not tell when they change
                    self._buffers[name] = torch.empty(value.shape, dtype=value.dtype, device=buffer.device)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        def moved(tensor: Any) -> Any:
            result = fn(tensor)
            is_narrower = tensor.is_floating_point() and result.dtype.itemsize < tensor.dtype.itemsize
            return tensor.to(result.device) if is_narrower else result

        with torch.inference_mode(False):
            return super()._apply(moved, recurse)


class PCA(Buffers):
    """The principal components: buffers ``singular_vectors``, ``mean`` and ``num_components``."""

    def __init__(self) -> None:
        super().__init__("singular_vectors", "mean", "num_components")

    def transform(self, features: Any) -> Any:
        """``(x - mean) @ singular_vectors``: N x k, of the features' type."""
        return ((features - self.mean) @ self.singular_vectors).to(features.dtype)

    def inverse_transform(self, features: Any) -> Any:
        """``features @ singular_vectors.T + mean``: N x k back to N x D."""
        return (features @ self.singular_vectors.mT + self.mean).to(features.dtype)

    def forward(self, features: Any) -> Any:
        """The same as ``transform``."""
        return self.transform(features)


class GaussianKDE(Buffers):
    """The density of scaled features: buffers ``bw_transform``, ``dataset`` and ``norm``."""

    def __init__(self) -> None:
        super().__init__("bw_transform", "dataset", "norm")

    def forward(self, features: Any) -> Any:
        """The density of each row of scaled features (M x k), of their type."""
        buffers = {f"kde_model.{name}": value for name, value in self.named_buffers()}
        rank = int(self.dataset.shape[1])
        sums = graph.kernel_sums(features.double(), buffers, int(self.dataset.shape[0]), rank)
        return graph.densities(sums).to(features.dtype)
