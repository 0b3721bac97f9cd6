"""The C interface of libPVDGolden, by ctypes."""

import ctypes
import os
import pathlib

import numpy as np

FLOAT32, FLOAT64, INT32, INT64, UINT8 = range(5)
DONE, UNSUPPORTED, FAILED = range(3)

_CODES = {
    np.dtype(np.float32): FLOAT32, np.dtype(np.float64): FLOAT64, np.dtype(np.int32): INT32,
    np.dtype(np.int64): INT64, np.dtype(np.uint8): UINT8,
}
_TYPES = {code: dtype for dtype, code in _CODES.items()}


class LibraryError(Exception):
    """The library is missing, or refused a call."""


class Unsupported(Exception):
    """An operation or a setting that a backend does not have."""


class Tensor(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("element_type", ctypes.c_int32), ("rank", ctypes.c_int32),
        ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("data", ctypes.c_void_p),
    ]


class Call(ctypes.Structure):
    _fields_ = [
        ("operation", ctypes.c_char_p), ("case_name", ctypes.c_char_p), ("config", ctypes.c_char_p),
        ("precision", ctypes.c_int32), ("input_count", ctypes.c_int32),
        ("inputs", ctypes.POINTER(Tensor)), ("output_count", ctypes.c_int32),
        ("outputs", ctypes.POINTER(Tensor)), ("message", ctypes.c_char_p),
        ("message_capacity", ctypes.c_int64),
    ]


Emit = ctypes.CFUNCTYPE(None, ctypes.POINTER(Tensor), ctypes.c_void_p)


def near():
    """The folders around this file and around the current one."""
    here = pathlib.Path.cwd()
    return [*pathlib.Path(__file__).resolve().parents, here, *here.parents]


def library_path():
    """Where the library is: ``PVD_LIBRARY``, or the release build of the checkout around this file or the
    current folder."""
    named = os.environ.get("PVD_LIBRARY")
    if named:
        return pathlib.Path(named)
    for folder in near():
        candidate = folder / ".build" / "release" / "libPVDGolden.so"
        if candidate.is_file():
            return candidate
    raise LibraryError(
        "libPVDGolden.so is not found. Build it with `swift build -c release --product PVDGolden`, "
        "and name its file in the environment variable PVD_LIBRARY.")


_loaded = None


def load():
    """The library, loaded once."""
    global _loaded
    if _loaded is None:
        path = library_path()
        try:
            library = ctypes.CDLL(str(path))
        except OSError as error:
            raise LibraryError(f"{path} cannot be loaded: {error}") from error
        library.pvd_reference_answer.argtypes = [
            ctypes.POINTER(Call), Emit, ctypes.c_void_p]
        library.pvd_reference_answer.restype = ctypes.c_int32
        library.pvd_golden_compare.argtypes = [
            ctypes.c_char_p, ctypes.c_int32, ctypes.POINTER(Tensor), ctypes.c_int32,
            ctypes.c_char_p, ctypes.c_int64]
        library.pvd_golden_compare.restype = ctypes.c_int64
        _loaded = library
    return _loaded


def views(arrays):
    """A C array of tensors for a dictionary of arrays, and what must be kept alive with it."""
    kept = []
    table = (Tensor * max(len(arrays), 1))()
    for index, (name, array) in enumerate(arrays.items()):
        array = np.asarray(array)
        if array.dtype == np.bool_:
            array = array.astype(np.uint8)
        if array.dtype not in _CODES:
            kind = np.float64 if array.dtype.kind == "f" else np.int64
            array = array.astype(kind)
        shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
        strides = (ctypes.c_int64 * max(array.ndim, 1))(*array.strides)
        text = name.encode()
        kept += [array, shape, strides, text]
        table[index] = Tensor(
            text, _CODES[array.dtype], array.ndim, shape, strides,
            array.ctypes.data_as(ctypes.c_void_p))
    return table, kept


def array(tensor):
    """A copy of a dense tensor."""
    shape = tuple(tensor.shape[axis] for axis in range(tensor.rank))
    dtype = _TYPES[tensor.element_type]
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return np.frombuffer(ctypes.string_at(tensor.data, size), dtype).reshape(shape).copy()
