#!/usr/bin/env python3
"""Calls kernad's C interface by Python's ctypes, as other languages do by their own means: no package of kernad or
NumPy is needed. Fits on 500 made-up rows, calibrates, and judges two new ones.

    score.py [LIBRARY]      LIBRARY: libkernad.so, when it is not where the system looks for libraries
"""

import ctypes
import random
import sys

COLUMNS = 16


class Rows(ctypes.Structure):
    """kernad_rows: row i starts at data + i * row_stride."""

    _fields_ = [
        ("data", ctypes.POINTER(ctypes.c_float)),
        ("rows", ctypes.c_size_t),
        ("columns", ctypes.c_size_t),
        ("row_stride", ctypes.c_size_t),
    ]

    def __init__(self, values: list[list[float]]) -> None:
        flat = [value for row in values for value in row]
        self.memory = (ctypes.c_float * len(flat))(*flat)  # lives as long as this object
        super().__init__(self.memory, len(values), len(values[0]), len(values[0]))


Progress = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)
Handle = ctypes.c_void_p  # of every type: one that is not NULL is given back to kernad_..._free


class Kernad:
    """The functions of the C interface that this program needs; a status that is not KERNAD_OK is an exception."""

    ARGUMENTS = {
        "kernad_options_create": [ctypes.POINTER(Handle)],
        "kernad_options_set": [Handle, ctypes.c_char_p, ctypes.c_char_p],
        "kernad_model_fit": [Handle, Rows, Progress, ctypes.c_void_p, ctypes.POINTER(Handle)],
        "kernad_model_calibrate": [Handle, Rows, ctypes.c_size_t, Progress, ctypes.c_void_p],
        "kernad_model_set_target_fpr": [Handle, ctypes.c_double],
        "kernad_model_predict": [Handle, Rows, *[ctypes.POINTER(ctypes.c_double)] * 3, ctypes.POINTER(ctypes.c_uint8)],
    }

    def __init__(self, library: str) -> None:
        self.library = ctypes.CDLL(library)
        self.library.kernad_last_error.restype = ctypes.c_char_p
        for name, arguments in self.ARGUMENTS.items():
            function = getattr(self.library, name)
            function.argtypes, function.errcheck = arguments, self.check
        for name in ("kernad_options_free", "kernad_model_free"):
            function = getattr(self.library, name)
            function.argtypes, function.restype = [Handle], None

    def check(self, status: int, function: object, arguments: object) -> None:
        if status != 0:
            raise RuntimeError(self.library.kernad_last_error().decode())


def report(done: int, total: int, user: object) -> int:
    print(f"fit: {done} of {total}", file=sys.stderr)
    return 0  # anything else stops


def main() -> None:
    kernad = Kernad(sys.argv[1] if len(sys.argv) > 1 else "libkernad.so.0").library
    random.seed(1)
    normal = Rows([[random.gauss(0, 1) for _ in range(COLUMNS)] for _ in range(500)])
    queries = Rows([[random.gauss(mean, 0.5) for _ in range(COLUMNS)] for mean in (0, 4)])

    options, model = Handle(), Handle()
    log_densities, p_values, labels = (ctypes.c_double * 2)(), (ctypes.c_double * 2)(), (ctypes.c_uint8 * 2)()
    try:
        kernad.kernad_options_create(options)
        kernad.kernad_options_set(options, b"auto", b"true")
        kernad.kernad_model_fit(options, normal, Progress(report), None, model)
        kernad.kernad_model_calibrate(model, normal, 10, Progress(), None)
        kernad.kernad_model_set_target_fpr(model, 0.05)
        kernad.kernad_model_predict(model, queries, log_densities, None, p_values, labels)
    finally:
        kernad.kernad_model_free(model)
        kernad.kernad_options_free(options)
    for i in range(2):
        verdict = "anomalous" if labels[i] else "normal"
        print(f"row {i}: log-density {log_densities[i]:.3f}, p-value {p_values[i]:.3f}, {verdict}")


if __name__ == "__main__":
    main()
