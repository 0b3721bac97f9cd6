"""Backends under test, and how their answers are judged."""

import ctypes
import json

from . import _library


class Backend:
    """A backend: one method per operation, named like it.

    A method takes a ``Case`` and returns ``out.`` and ``grad.`` arrays by name. It raises
    ``Unsupported`` for settings it does not have. ``supports`` and ``answer`` may be overridden instead.
    """

    name = "backend"

    def supports(self, operation):
        return callable(getattr(self, operation, None))

    def answer(self, case):
        return getattr(self, case.op)(case)


class Report:
    """The outcome of one case: ``state`` is pass, warning, fail, unsupported or error."""

    def __init__(self, case, state, ratio=0.0, tensors=(), details=()):
        self.case = case
        self.state = state
        self.ratio = ratio
        self.tensors = list(tensors)
        self.details = list(details)

    @property
    def passed(self):
        return self.state in ("pass", "warning")

    def check(self):
        """Raises ``AssertionError`` with the worst element unless the case passed."""
        if not self.passed:
            raise AssertionError(str(self))

    def __str__(self):
        head = f"{self.state}  {self.case.name}  {self.case.op}  ratio {self.ratio:.3g}"
        return "\n  ".join([head, *self.details])


def verify(backend, case, precision="float"):
    """Runs a backend on a case and compares: by the bounds of a generated case, else by its tolerances."""
    if not backend.supports(case.op):
        return Report(case, "unsupported", details=[f"{backend.name} does not have {case.op}"])
    try:
        answers = backend.answer(case)
    except _library.Unsupported as refusal:
        return Report(case, "unsupported", details=[str(refusal)])
    return compare(case, answers, precision)


def compare(case, answers, precision="float"):
    """Compares arrays by name with a case."""
    library = _library.load()
    table, kept = _library.views(answers)
    capacity = 1 << 16
    while True:
        report = ctypes.create_string_buffer(capacity)
        length = library.pvd_golden_compare(
            str(case.path).encode(),
            _library.FLOAT64 if precision == "double" else _library.FLOAT32, table, len(answers),
            report, capacity)
        if length < capacity:
            break
        capacity = int(length) + 1
    del kept
    text = report.value.decode(errors="replace")
    if length < 0:
        return Report(case, "error", details=[text])
    record = json.loads(text)
    return Report(
        case, record["state"], float(record["ratio"]), record["tensors"], record["details"])
