"""A pytest plug-in: a test that asks for ``golden_case`` runs once for every golden case.

    @pytest.mark.golden(op="hash_grid_encoding")
    def test_hash_grid(golden_case):
        nerf_reference.verify(MyBackend(), golden_case).check()

``pytest --golden FOLDER`` takes the cases from a folder.
"""

from .cases import cases


def pytest_addoption(parser):
    parser.addoption("--golden", default=None, help="folder with golden cases")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "golden(op=None): run the test for the golden cases of one operation, or of all")


def pytest_generate_tests(metafunc):
    if "golden_case" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("golden")
    chosen = marker.kwargs.get("op") if marker else None
    found = cases(metafunc.config.getoption("--golden"), op=chosen)
    metafunc.parametrize("golden_case", found, ids=[case.name for case in found])
