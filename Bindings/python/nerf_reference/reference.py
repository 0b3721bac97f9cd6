"""The operations of the reference as functions on NumPy arrays."""

import ctypes
import json

import numpy as np

from . import _library


def run(operation, config, inputs, precision="float", name="a call from Python"):
    """Answers one call with the reference.

    ``inputs`` holds ``in.``, ``param.`` and ``cotangent.`` arrays by name, ``config`` the settings of the
    operation, as in a case. Returns ``out.``, ``grad.`` and ``aux.`` arrays by name. A gradient has the
    shape of its input, a result one row per row of the first input where that divides its size.

    Raises ``Unsupported`` for an operation or a setting the reference does not have, ``LibraryError``
    for anything else it refuses.
    """
    library = _library.load()
    table, kept = _library.views(inputs)
    message = ctypes.create_string_buffer(4096)
    call = _library.Call(
        operation.encode(), name.encode(), json.dumps(config).encode(),
        _library.FLOAT64 if precision == "double" else _library.FLOAT32, len(inputs), table, 0,
        None, ctypes.cast(message, ctypes.c_char_p), len(message))
    answers = {}

    def receive(tensor, _):
        answers[tensor.contents.name.decode()] = _library.array(tensor.contents)

    code = library.pvd_reference_answer(ctypes.byref(call), _library.Emit(receive), None)
    del kept
    reason = message.value.decode(errors="replace")
    if code == _library.UNSUPPORTED:
        raise _library.Unsupported(reason)
    if code != _library.DONE:
        raise _library.LibraryError(reason)
    return {key: _shaped(key, value, inputs) for key, value in answers.items()}


def _shaped(name, value, inputs):
    if value.ndim != 1:
        return value
    source = inputs.get(name.removeprefix("grad.")) if name.startswith("grad.") else None
    if source is not None and np.size(source) == value.size:
        return value.reshape(np.shape(source))
    rows = next((np.shape(x)[0] for key, x in inputs.items()
                 if key.startswith("in.") and np.ndim(x) > 1), 0)
    if rows > 0 and value.size % rows == 0 and value.size > rows:
        return value.reshape(rows, -1)
    return value
