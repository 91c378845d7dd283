"""``kernad-import CHECKPOINT MODEL.safetensors``: a fitted anomalib model as a model file of kernad. Needs torch.

Also ``python -m kernad.importing``.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence

from kernad._calls import is_same_file
from kernad._errors import FitWarning


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 after a one-line error message on standard error."""
    options = _parser().parse_args(arguments)
    if is_same_file(options.out, options.checkpoint):
        print(f"kernad-import: {options.out}: is the input of this command; OUT needs another file", file=sys.stderr)
        return 2
    try:
        from kernad.torch import from_anomalib

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", FitWarning)
            model = from_anomalib(options.checkpoint, feature_scaling_method=options.scaling)
        for warning in caught:
            print(f"kernad-import: {warning.message}", file=sys.stderr)
        model.save(options.out)
    except (ValueError, OSError, ImportError) as error:
        print(f"kernad-import: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kernad-import",
        description="Write the KDE classifier of an anomalib checkpoint as a model file that the kernad command reads.",
        epilog="example: kernad-import results/Dfkde/model.ckpt model.safetensors",
    )
    parser.add_argument("checkpoint", help="a checkpoint or state dict of PyTorch (.ckpt, .pt, .pth), or .safetensors")
    parser.add_argument("out", help="the model file to write (.safetensors)")
    parser.add_argument(
        "--scaling", choices=["scale", "norm"], help="how features are scaled, where the checkpoint does not say it"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
