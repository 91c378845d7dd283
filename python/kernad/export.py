"""``kernad-export MODEL OUT.onnx``: a model file as an ONNX graph. Also ``python -m kernad.export``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from kernad._calls import is_same_file
from kernad.classifier import KDEClassifier


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 after a one-line error message on standard error."""
    options = _parser().parse_args(arguments)
    if any(is_same_file(options.out, path) for path in (options.model, options.append_to)):
        print(f"kernad-export: {options.out}: is an input of this command; OUT needs another file", file=sys.stderr)
        return 2
    try:
        from kernad.onnx import export_onnx

        export_onnx(
            KDEClassifier.load(options.model),
            options.out,
            append_to=options.append_to,
            backbone_output=options.output,
            opset=options.opset,
        )
    except (ValueError, OSError, ImportError) as error:
        print(f"kernad-export: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kernad-export",
        description="Write a fitted kernad model as an ONNX graph with the outputs log_density and probability, and "
        "p_value, score and label where it is calibrated and has a threshold.",
        epilog="example: kernad-export model.safetensors detector.onnx --append-to resnet18.onnx",
    )
    parser.add_argument("model", help="a model file that kernad wrote (.safetensors)")
    parser.add_argument("out", help="the ONNX file to write")
    parser.add_argument("--append-to", metavar="BACKBONE", help="ONNX feature extractor to join the classifier behind")
    parser.add_argument("--output", metavar="NAME", help="its output that holds the features, where it has several")
    parser.add_argument("--opset", type=int, help="operator set version (default: 18, or the feature extractor's)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
