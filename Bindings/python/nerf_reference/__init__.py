"""Golden cases of radiance-field operations, and the reference that answers them.

    import nerf_reference

    class MyBackend(nerf_reference.Backend):
        name = "my kernels"

        def trunc_exp(self, case):
            x, g = case["in.x"], case["cotangent.y"]
            return {"out.y": np.exp(x), "grad.in.x": g * np.exp(np.clip(x, -12, 12))}

    for case in nerf_reference.cases(op="trunc_exp"):
        nerf_reference.verify(MyBackend(), case).check()

``run`` calls the reference itself:

    nerf_reference.run("sh_encoding", {"degree": 2}, {"in.dirs": directions})["out.y"]
"""

from ._library import LibraryError, Unsupported, library_path
from .backend import Backend, Report, verify
from .cases import Case, cases
from .reference import run

__all__ = [
    "Backend", "Case", "LibraryError", "Report", "Unsupported", "cases", "library_path", "run",
    "verify",
]
