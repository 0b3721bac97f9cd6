"""Golden cases: safetensors files with the inputs and results of one call of one operation."""

import json
import os
import pathlib

import numpy as np

from ._library import near as _near

_TYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32,
    "I16": np.int16, "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_,
}
_LARGEST_HEADER = 100_000_000


class Case:
    """One case. ``case["in.x"]`` is a tensor, ``case.config`` the settings of the operation."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._tensors, metadata = _read(self.path)
        if "op" not in metadata:
            raise ValueError(f"{self.path} is a tensor file but no golden case")
        self.name = metadata.get("case", self.path.stem)
        self.op = metadata["op"]
        self.config = json.loads(metadata.get("config", "{}"))
        self.source = metadata.get("source", "")

    def __getitem__(self, name):
        return self._tensors[name]

    def __contains__(self, name):
        return name in self._tensors

    def __repr__(self):
        return f"Case({self.name})"

    @property
    def inputs(self):
        """What a backend is given: ``in.``, ``param.`` and ``cotangent.`` tensors."""
        return self._chosen("in.", "param.", "cotangent.")

    @property
    def expected(self):
        """What it must return: ``out.`` and ``grad.`` tensors in single precision."""
        return self._chosen("out.", "grad.")

    def _chosen(self, *prefixes):
        return {name: tensor for name, tensor in self._tensors.items()
                if name.startswith(prefixes) and not name.endswith(".f64")}


def cases(path=None, op=None):
    """The cases in a file or folder, by name.

    Without ``path``: the folder that ``PVD_GOLDEN`` names, or ``Fixtures/golden`` of the checkout around
    this file or around the current folder. Raises ``FileNotFoundError`` if there is none, and if a given
    ``op`` has none: a loop over nothing would pass.
    """
    root = pathlib.Path(path) if path else _default()
    files = [root] if root.is_file() else sorted(root.rglob("*.safetensors"))
    found = []
    for file in files:
        case = Case(file)
        if op is None or case.op == op:
            found.append(case)
    if not found:
        raise FileNotFoundError(f"{root} has no golden case" + (f" of {op}" if op else ""))
    return found


def _default():
    named = os.environ.get("PVD_GOLDEN")
    if named:
        return pathlib.Path(named)
    for folder in _near():
        candidate = folder / "Fixtures" / "golden"
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError("there are no golden cases; name their folder in PVD_GOLDEN")


def _read(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(len(data) - 8, _LARGEST_HEADER):
        raise ValueError(f"{path} is cut off or no safetensors file")
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    body = memoryview(data)[8 + length:]
    tensors = {}
    for name, entry in header.items():
        dtype, shape = np.dtype(_TYPES[entry["dtype"]]), tuple(entry["shape"])
        start, end = entry["data_offsets"]
        count = 1
        for extent in shape:
            count *= extent
        if not 0 <= start <= end <= len(body) or end - start != count * dtype.itemsize:
            raise ValueError(f"{path}: `{name}` does not lie within the file")
        tensors[name] = np.frombuffer(body[start:end], dtype).reshape(shape)
    return tensors, metadata
