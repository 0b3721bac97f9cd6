"""A backend in NumPy, written from the formulas alone: hash grid, compositing, harmonics, VM look-ups.

    python examples/numpy_backend.py [FOLDER]
"""

import sys

import numpy as np

import nerf_reference

F = np.float32


class NumPyBackend(nerf_reference.Backend):
    name = "NumPy"

    # Hash grid (Müller et al. 2022, with the half cell and the level sizes of PVD).

    def hash_grid_encoding(self, case):
        config, x = case.config, case["in.x"]
        table, cotangent = case["param.embeddings"], case["cotangent.y"]
        d, features, bound = config["input_dim"], config["level_dim"], F(config["bound"])
        aligned, tiled = config["align_corners"], config["gridtype"] == "tiled"
        unit = (x + bound) / (2 * bound)
        inside = ((unit >= 0) & (unit <= 1)).all(axis=1)
        y = np.zeros(cotangent.shape, F)
        table_gradient, point_gradient = np.zeros(table.shape, F), np.zeros(x.shape, F)
        for level, (scale, side, rows, offset) in enumerate(self._levels(config)):
            position = unit * F(scale) + F(0 if aligned else 0.5)
            cell = np.floor(position)
            part = position - cell
            cell = np.where(inside[:, None], cell, 0).astype(np.uint32)
            columns = slice(level * features, (level + 1) * features)
            for corner in range(1 << d):
                bits = np.array([corner >> axis & 1 for axis in range(d)], np.uint32)
                weights = np.where(bits == 1, part, 1 - part).astype(F)
                index = offset + self._row(cell + bits, side, rows, tiled)
                weight = weights.prod(axis=1) * inside
                y[:, columns] += weight[:, None] * table[index]
                np.add.at(table_gradient, index, weight[:, None] * cotangent[:, columns])
                along = (table[index] * cotangent[:, columns]).sum(axis=1) * inside
                for axis in range(d):
                    others = np.delete(weights, axis, axis=1).prod(axis=1)
                    sign = F(1 if bits[axis] else -1)
                    point_gradient[:, axis] += sign * others * F(scale) / (2 * bound) * along
        return {
            "out.y": y, "grad.param.embeddings": table_gradient, "grad.in.x": point_gradient}

    @staticmethod
    def _levels(config):
        count, base = config["num_levels"], config["base_resolution"]
        d, aligned = config["input_dim"], config["align_corners"]
        growth = (config["desired_resolution"] / base) ** (1 / (count - 1)) if count > 1 else 1
        logarithm, cap, offset = F(np.log2(growth)), 2 ** config["log2_hashmap_size"], 0
        for level in range(count):
            corners = np.ceil(base * growth ** level) + (0 if aligned else 1)
            rows = int(np.ceil(min(cap, corners ** d) / 8)) * 8
            scale = F(np.exp2(np.float64(F(level) * logarithm))) * F(base) - F(1)
            yield scale, int(np.ceil(scale)) + 1 + (0 if aligned else 1), rows, offset
            offset += rows

    @staticmethod
    def _row(corner, side, rows, tiled):
        if tiled or side ** corner.shape[1] <= rows:
            index, stride = np.zeros(len(corner), np.uint32), 1
            for axis in range(corner.shape[1]):
                if stride <= rows:
                    index += corner[:, axis] * np.uint32(stride & 0xFFFFFFFF)
                    stride *= side
        else:
            primes = np.array([1, 2654435761, 805459861], np.uint32)
            index = np.bitwise_xor.reduce(corner * primes[:corner.shape[1]], axis=1)
        return (index % np.uint32(rows)).astype(np.int64)

    # Compositing (Max 1995): w = T (1 − exp(−σδ)).

    def composite_rays_train(self, case):
        if case.config.get("early_stop"):
            raise nerf_reference.Unsupported("early_stop")
        sigma, color, delta = case["in.sigmas"], case["in.rgbs"], case["in.deltas"]
        rays = case["in.rays"]
        image, opacity = np.zeros((len(rays), 3), F), np.zeros(len(rays), F)
        depth, of_sigma = np.zeros(len(rays), F), np.zeros(sigma.shape, F)
        of_color = np.zeros(color.shape, F)
        for ray, first, count in rays:
            # A ray that reaches the end of the buffer was dropped by the march.
            if count == 0 or first + count >= len(sigma):
                continue
            k = slice(first, first + count)
            x = sigma[k] * delta[k, 0]
            after = np.exp(-np.cumsum(x, dtype=F))
            before = np.concatenate([[F(1)], after[:-1]])
            weight = before * -np.expm1(-x)
            distance = np.cumsum(delta[k, 1], dtype=F)
            image[ray] = weight @ color[k]
            opacity[ray] = weight.sum(dtype=F)
            depth[ray] = weight @ distance
            slope = color[k] @ case["cotangent.image"][ray] + case["cotangent.weights_sum"][ray]
            if "cotangent.depth" in case:
                slope = slope + distance * case["cotangent.depth"][ray]
            seen = np.cumsum((weight * slope)[::-1], dtype=F)[::-1]
            behind = np.concatenate([seen[1:], [F(0)]])
            of_sigma[k] = delta[k, 0] * (after * slope - behind)
            of_color[k] = weight[:, None] * case["cotangent.image"][ray]
        return {
            "out.image": image, "out.weights_sum": opacity, "out.depth": depth,
            "grad.in.sigmas": of_sigma, "grad.in.rgbs": of_color}

    # Real spherical harmonics as polynomials: (coefficient, powers of x, y, z) for each function.

    HARMONICS = [
        [(0.28209479177387814, 0, 0, 0)],
        [(-0.48860251190291987, 0, 1, 0)], [(0.48860251190291987, 0, 0, 1)],
        [(-0.48860251190291987, 1, 0, 0)],
        [(1.0925484305920792, 1, 1, 0)], [(-1.0925484305920792, 0, 1, 1)],
        [(0.94617469575755997, 0, 0, 2), (-0.31539156525251999, 0, 0, 0)],
        [(-1.0925484305920792, 1, 0, 1)],
        [(0.54627421529603959, 2, 0, 0), (-0.54627421529603959, 0, 2, 0)],
    ]

    def sh_encoding(self, case):
        width = case.config["degree"] ** 2
        if width > len(self.HARMONICS):
            raise nerf_reference.Unsupported("degrees above 3")
        v, cotangent = case["in.dirs"], case["cotangent.y"]
        y, gradient = np.zeros((len(v), width), F), np.zeros(v.shape, F)
        for index in range(width):
            for coefficient, *powers in self.HARMONICS[index]:
                y[:, index] += F(coefficient) * np.prod(v ** powers, axis=1, dtype=F)
                for axis, power in enumerate(powers):
                    if power == 0:
                        continue
                    lower = [p - (a == axis) for a, p in enumerate(powers)]
                    term = F(coefficient * power) * np.prod(v ** lower, axis=1, dtype=F)
                    gradient[:, axis] += term * cotangent[:, index]
        return {"out.y": y, "grad.in.dirs": gradient}

    # Vector-matrix factors (Chen et al. 2022): bilinear planes times linear lines.

    def vm_field(self, case):
        x, answers = case["in.x"], {}
        planes, lines = [(0, 1), (0, 2), (1, 2)], [2, 1, 0]
        for kind in ("sigma", "color"):
            products = []
            for i in range(3):
                plane, line = case[f"param.{kind}_mat.{i}"][0], case[f"param.{kind}_vec.{i}"][0]
                u, v, t = x[:, planes[i][0]], x[:, planes[i][1]], x[:, lines[i]]
                products.append((
                    self._sample(plane, v, u), self._sample(line, t, None), plane, line, u, v, t))
            values = np.concatenate([p[0] * p[1] for p in products], axis=0)
            if kind == "sigma":
                answers["out.sigma_feat"] = values.sum(axis=0, dtype=F)
                slopes = np.broadcast_to(case["cotangent.sigma_feat"], values.shape)
            else:
                basis, g = case["param.basis_mat.weight"], case["cotangent.color_feat"]
                answers["out.color_feat"] = (basis @ values).T.astype(F)
                answers["grad.param.basis_mat.weight"] = (g.T @ values.T).astype(F)
                slopes = basis.T @ g.T
            start = 0
            for i, (a, b, plane, line, u, v, t) in enumerate(products):
                s = slopes[start:start + len(a)]
                start += len(a)
                answers[f"grad.param.{kind}_mat.{i}"] = self._spread(plane, v, u, s * b)[None]
                answers[f"grad.param.{kind}_vec.{i}"] = self._spread(line, t, None, s * a)[None]
                if kind == "sigma":
                    for name, values_ in (("mat", plane), ("vec", line)):
                        answers[f"grad.density_l1.sigma_{name}.{i}"] = (
                            np.sign(values_) / F(values_.size))[None].astype(F)
        answers["out.density_l1"] = np.array(sum(
            np.abs(case[f"param.sigma_{name}.{i}"]).mean(dtype=F)
            for i in range(3) for name in ("mat", "vec")), F)
        return {name: answers[name] for name in case.expected}

    @staticmethod
    def _taps(coordinate, size):
        """The two texels of one axis and their weights; zero outside."""
        position = (coordinate + F(1)) / F(2) * F(size - 1)
        low = np.floor(position)
        part = (position - low).astype(F)
        low = low.astype(np.int64)
        for texel, weight in ((low, 1 - part), (low + 1, part)):
            inside = (texel >= 0) & (texel < size)
            yield np.clip(texel, 0, size - 1), np.where(inside, weight, F(0)).astype(F)

    def _texels(self, values, v, u):
        for row, row_weight in self._taps(v, values.shape[1]):
            if u is None:
                yield row, np.zeros_like(row), row_weight
                continue
            for column, column_weight in self._taps(u, values.shape[2]):
                yield row, column, row_weight * column_weight

    def _sample(self, values, v, u):
        return sum(w * values[:, r, c] for r, c, w in self._texels(values, v, u))

    def _spread(self, values, v, u, slopes):
        gradient = np.zeros(values.shape, F)
        for row, column, weight in self._texels(values, v, u):
            np.add.at(gradient, (slice(None), row, column), weight * slopes)
        return gradient


def main(backend, folder=None):
    """Prints the report of every case that the backend has; 0 if some passed and none failed."""
    counts = {}
    for case in nerf_reference.cases(folder):
        report = nerf_reference.verify(backend, case)
        counts[report.state] = counts.get(report.state, 0) + 1
        if report.state != "unsupported":
            print(report)
    print(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    return 0 if counts.get("pass") and not counts.get("fail") and not counts.get("error") else 1


if __name__ == "__main__":
    sys.exit(main(NumPyBackend(), *sys.argv[1:2]))
