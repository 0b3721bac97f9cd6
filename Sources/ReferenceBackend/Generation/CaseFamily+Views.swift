import GoldenKit

extension CaseFamily {
  /// Poses and metrics of images.
  static let views: [CaseFamily] = [
    CaseFamily("pose_spherical", "angles") { recipe in
      let rows = (0..<8).flatMap { _ in
        [
          recipe.random.floats(1, in: -180...180)[0], recipe.random.floats(1, in: -90...0)[0],
          recipe.random.floats(1, in: 2...5)[0],
        ]
      }
      try recipe.set("in.theta_phi_radius", rows, shape: [8, 3])
      try recipe.ask("out.poses", shape: [8, 4, 4])
    },
    CaseFamily("nerf_matrix_to_ngp", "scaled") { recipe in
      recipe.config = ["scale": 0.8]
      var poses = recipe.random.floats(3 * 16, in: -2...2)
      for start in stride(from: 0, to: poses.count, by: 16) {
        poses.replaceSubrange(start + 12..<start + 16, with: [0, 0, 0, 1])
      }
      try recipe.set("in.poses", poses, shape: [3, 4, 4])
      try recipe.ask("out.poses", shape: [3, 4, 4])
    },
    CaseFamily("psnr", "pairs") { recipe in
      for index in 0..<2 {
        try recipe.draw("in.pred\(index)", shape: [1, 6, 5, 3], in: 0...1)
        try recipe.draw("in.truth\(index)", shape: [1, 6, 5, 3], in: 0...1)
      }
      try recipe.ask("out.psnr", shape: [2])
      try recipe.ask("out.mean", shape: [])
    },
    CaseFamily("ssim", "window") { recipe in
      recipe.notes = "Another window and other constants, on the largest value of the images."
      recipe.config = ["filter_size": 5, "filter_sigma": 0.9, "k1": 0.02, "k2": 0.05]
      for index in 0..<2 {
        try recipe.draw("in.img\(index)", shape: [1, 8, 9, 1], in: 0...2)
      }
      try recipe.ask("out.map", shape: [1, 1, 8, 9])
      try recipe.ask("out.ssim", shape: [1])
    },
    CaseFamily("ssim", "noise") { recipe in
      recipe.config = [
        "filter_size": 11, "filter_sigma": 1.5, "k1": 0.01, "k2": 0.03, "max_val": 1,
      ]
      let image = try recipe.draw("in.img0", shape: [1, 14, 13, 3], in: 0...1)
      let noise = recipe.random.floats(image.count, in: -0.3...0.3)
      try recipe.set(
        "in.img1", zip(image, noise).map { min(max($0 + $1, 0), 1) }, shape: [1, 14, 13, 3])
      try recipe.ask("out.map", shape: [1, 3, 14, 13])
      try recipe.ask("out.ssim", shape: [1])
    },
  ]
}
