"""The binding against the library: cases, comparison, calls, faults."""

import pathlib
import sys

import numpy as np
import pytest

import nerf_reference
from nerf_reference.backend import compare

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "examples"))
from numpy_backend import NumPyBackend  # noqa: E402


class TruncatedExponential(nerf_reference.Backend):
    clamp = 12

    def trunc_exp(self, case):
        x, g = case["in.x"], case["cotangent.y"]
        return {"out.y": np.exp(x), "grad.in.x": g * np.exp(np.clip(x, -self.clamp, self.clamp))}


class WrongClamp(TruncatedExponential):
    clamp = 15


@pytest.mark.golden()
def test_numpy_backend(golden_case):
    report = nerf_reference.verify(NumPyBackend(), golden_case)
    if report.state == "unsupported":
        pytest.skip(report.details[0])
    report.check()


@pytest.mark.golden(op="trunc_exp")
def test_right_and_wrong(golden_case):
    nerf_reference.verify(TruncatedExponential(), golden_case).check()
    report = nerf_reference.verify(WrongClamp(), golden_case)
    assert report.state == "fail" and "grad.in.x" in str(report)
    with pytest.raises(AssertionError, match="worst at"):
        report.check()


def test_operations_are_functions():
    directions = np.array([[0, 0, 1], [0.6, 0, 0.8]], np.float32)
    answers = nerf_reference.run("sh_encoding", {"degree": 2}, {"in.dirs": directions})
    c = 0.48860251190291987
    expected = [[0.28209479, 0, c, 0], [0.28209479, 0, 0.8 * c, -0.6 * c]]
    assert answers["out.y"].shape == (2, 4)
    np.testing.assert_allclose(answers["out.y"], expected, atol=1e-7)
    wide = nerf_reference.run(
        "sh_encoding", {"degree": 2}, {"in.dirs": directions.astype(np.float64)}, "double")
    assert wide["out.y"].dtype == np.float64


def test_strides_are_honoured():
    rows = np.arange(24, dtype=np.float32).reshape(4, 6) / 24
    column = rows.T[:3].T[::2]
    dense = nerf_reference.run("sh_encoding", {"degree": 2}, {"in.dirs": column.copy()})
    sparse = nerf_reference.run("sh_encoding", {"degree": 2}, {"in.dirs": column})
    np.testing.assert_array_equal(dense["out.y"], sparse["out.y"])


def test_every_supported_case_is_met_by_the_reference():
    for case in nerf_reference.cases():
        answers = nerf_reference.run(case.op, case.config, case.inputs)
        asked = {name: value.reshape(case.expected[name].shape)
                 for name, value in answers.items() if name in case.expected}
        compare(case, asked).check()


def test_faults_are_exceptions():
    with pytest.raises(nerf_reference.Unsupported):
        nerf_reference.run("no_such_operation", {}, {})
    with pytest.raises(nerf_reference.LibraryError, match="in.dirs"):
        nerf_reference.run("sh_encoding", {"degree": 2}, {})
    with pytest.raises(nerf_reference.LibraryError):
        nerf_reference.run("sh_encoding", {"degree": 99}, {"in.dirs": np.zeros((1, 3))})
    case = nerf_reference.cases(op="trunc_exp")[0]
    assert compare(case, {}).state == "fail"
    wrong = compare(case, {**case.expected, "out.y": np.zeros(3, np.float32)})
    assert wrong.state == "fail" and "shape" in str(wrong)


def test_damaged_files_are_refused(tmp_path):
    good = nerf_reference.cases(op="trunc_exp")[0].path.read_bytes()
    for name, data in {
        "short": good[:4], "cut": good[: len(good) // 2], "lying": b"\xff" * 8 + good[8:],
    }.items():
        file = tmp_path / f"{name}.safetensors"
        file.write_bytes(data)
        with pytest.raises(ValueError):
            nerf_reference.cases(file)
    with pytest.raises(FileNotFoundError):
        nerf_reference.cases(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        nerf_reference.cases(op="no_such_operation")
