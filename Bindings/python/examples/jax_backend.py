"""A backend in JAX: only forward formulas are written, gradients come from automatic differentiation.

    pip install jax
    python examples/jax_backend.py [FOLDER]
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np

import nerf_reference
from numpy_backend import NumPyBackend, main

F = jnp.float32


def differentiate(forward, arguments, cotangents):
    """Results by name, and the gradients of Σ cotangent·result with respect to the arguments."""
    results, pull = jax.vjp(forward, arguments)
    given = {name: jnp.asarray(cotangents.get(name, jnp.zeros_like(value)), F)
             for name, value in results.items()}
    (gradients,) = pull(given)
    return {f"out.{name}": np.asarray(value) for name, value in results.items()} | {
        f"grad.{name}": np.asarray(value) for name, value in gradients.items()}


class JAXBackend(nerf_reference.Backend):
    name = "JAX"

    def hash_grid_encoding(self, case):
        config = case.config
        d, bound, aligned = config["input_dim"], config["bound"], config["align_corners"]
        tiled = config["gridtype"] == "tiled"

        def unit(x):
            return (x + np.float32(bound)) / np.float32(2 * bound)

        # Which cell a point is in is a decision, not a function to differentiate.
        concrete = unit(case["in.x"])
        inside = ((concrete >= 0) & (concrete <= 1)).all(axis=1, keepdims=True)
        shift = np.float32(0 if aligned else 0.5)

        def forward(arguments):
            table, features = arguments["param.embeddings"], []
            for scale, side, rows, offset in NumPyBackend._levels(config):
                cell = np.floor(np.where(inside, concrete * scale + shift, 0))
                part = unit(arguments["in.x"]) * scale + shift - cell
                sums = 0
                for corner in range(1 << d):
                    bits = np.array([corner >> axis & 1 for axis in range(d)], np.uint32)
                    index = offset + NumPyBackend._row(
                        cell.astype(np.uint32) + bits, side, rows, tiled)
                    weight = jnp.where(bits == 1, part, 1 - part).prod(axis=1, keepdims=True)
                    sums = sums + weight * table[index]
                features.append(jnp.where(inside, sums, 0))
            return {"y": jnp.concatenate(features, axis=1)}

        return self._answers(forward, case, ["in.x", "param.embeddings"])

    def composite_rays_train(self, case):
        if case.config.get("early_stop"):
            raise nerf_reference.Unsupported("early_stop")
        delta, rays = jnp.asarray(case["in.deltas"]), case["in.rays"]
        rows = len(case["in.sigmas"])

        def forward(arguments):
            sigma, color = arguments["in.sigmas"], arguments["in.rgbs"]
            image, opacity, depth = (
                jnp.zeros((len(rays), 3), F), jnp.zeros(len(rays), F), jnp.zeros(len(rays), F))
            for ray, first, count in rays:
                if count == 0 or first + count >= rows:
                    continue
                k = slice(int(first), int(first + count))
                x = sigma[k] * delta[k, 0]
                depths = jnp.cumsum(x)
                before = jnp.exp(-jnp.concatenate([jnp.zeros(1, F), depths[:-1]]))
                weight = before * -jnp.expm1(-x)
                image = image.at[ray].set(weight @ color[k])
                opacity = opacity.at[ray].set(weight.sum())
                depth = depth.at[ray].set(weight @ jnp.cumsum(delta[k, 1]))
            return {"image": image, "weights_sum": opacity, "depth": depth}

        return self._answers(forward, case, ["in.sigmas", "in.rgbs"])

    def sh_encoding(self, case):
        width = case.config["degree"] ** 2
        if width > len(NumPyBackend.HARMONICS):
            raise nerf_reference.Unsupported("degrees above 3")

        def forward(arguments):
            v = arguments["in.dirs"]
            return {"y": jnp.stack([
                sum((F(c) * v[:, 0] ** i * v[:, 1] ** j * v[:, 2] ** k
                     for c, i, j, k in NumPyBackend.HARMONICS[index]), jnp.zeros(len(v), F))
                for index in range(width)], axis=1)}

        return self._answers(forward, case, ["in.dirs"])

    def vm_field(self, case):
        x = case["in.x"]
        planes, lines = [(0, 1), (0, 2), (1, 2)], [2, 1, 0]
        names = [f"param.{kind}_{part}.{i}" for kind in ("sigma", "color")
                 for part in ("mat", "vec") for i in range(3)] + ["param.basis_mat.weight"]

        def sample(values, v, u):
            return sum(w * values[:, r, c] for r, c, w in NumPyBackend()._texels(values, v, u))

        def forward(arguments):
            results = {}
            for kind in ("sigma", "color"):
                products = jnp.concatenate([
                    sample(arguments[f"param.{kind}_mat.{i}"][0], x[:, planes[i][1]],
                           x[:, planes[i][0]])
                    * sample(arguments[f"param.{kind}_vec.{i}"][0], x[:, lines[i]], None)
                    for i in range(3)])
                if kind == "sigma":
                    results["sigma_feat"] = products.sum(axis=0)
                else:
                    results["color_feat"] = (arguments["param.basis_mat.weight"] @ products).T
            return results

        def l1(arguments):
            return {"density_l1": sum(jnp.abs(arguments[name]).mean()
                                      for name in names if "sigma" in name)}

        answers = self._answers(forward, case, names)
        factors = {name: jnp.asarray(case[name]) for name in names}
        regulariser = differentiate(l1, factors, {"density_l1": F(1)})
        answers["out.density_l1"] = regulariser["out.density_l1"]
        for name in names:
            answers["grad.density_l1." + name.removeprefix("param.")] = regulariser[f"grad.{name}"]
        return {name: answers[name] for name in case.expected}

    def _answers(self, forward, case, names):
        cotangents = {name.removeprefix("cotangent."): case[name]
                      for name in case.inputs if name.startswith("cotangent.")}
        return differentiate(forward, {name: jnp.asarray(case[name]) for name in names}, cotangents)


if __name__ == "__main__":
    sys.exit(main(JAXBackend(), *sys.argv[1:2]))
