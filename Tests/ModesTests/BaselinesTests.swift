import Modes
import Numerics
import Testing

@Suite struct BaselinesTests {
  @Test(arguments: ["conv1", "conv2"])
  func pca_equalsReference(_ layer: String) throws {
    let data = try FixtureData.contributions(layer)
    let baselines = try Baselines(data, most: 160, random: RandomStream(seed: 0))
    let ratios: [Double] = try FixtureData.file().dataset("pca/\(layer)/explained_variance_ratio").numbers()
    // The reference's shares are of the variance about each feature's mean; R² here is about one grand mean.
    let matrix = Matrix(data)
    let grandMean = Statistics.mean(matrix.elements)
    let grand = matrix.elements.reduce(0) { $0 + ($1 - grandMean) * ($1 - grandMean) }
    let within = (0..<16).reduce(0.0) { sum, feature in
      let (column, mean) = (matrix.column(feature), Statistics.mean(matrix.column(feature)))
      return sum + column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    #expect(baselines.pca.components == [1, 2, 3, 4, 5, 6, 8, 10, 12, 16])
    for (count, r2) in zip(baselines.pca.components, baselines.pca.r2) {
      #expect(abs(r2 - (1 - within / grand * (1 - ratios.prefix(count).reduce(0, +)))) < 1e-6)
    }
  }

  @Test func curves_riseWithComponents() throws {
    let data = try FixtureData.contributions("conv1")
    let baselines = try Baselines(data, most: 160, random: RandomStream(seed: 0))
    for curve in [baselines.pca, baselines.nmf, baselines.kmeans] {
      #expect(zip(curve.r2, curve.r2.dropFirst()).allSatisfy { $0 < $1 + 0.01 })
      #expect(curve.r2.allSatisfy { $0 <= 1 })
    }
    // C⁻ and C⁺ are of one sign each, so sixteen nonnegative factors describe them all.
    #expect(try #require(baselines.nmf.r2.last) > 0.99)
    #expect(baselines.kmeans.components.last == 128)
    #expect(try #require(baselines.kmeans.r2.last) > 0.9)
  }

  @Test func columnsOfBothSigns_areFactoredInTwoParts() throws {
    // One factor cannot describe a column of both signs; two can.
    let wave = (0..<200).map { Float($0 % 2 == 0 ? 3 : -2) }
    let data = Tensor(shape: [200, 2], elements: wave.flatMap { [$0, 2 * $0] })
    let baselines = try Baselines(data, most: 2, random: RandomStream(seed: 1))
    #expect(baselines.nmf.r2[0] < 0.9)
    #expect(baselines.nmf.r2[1] > 0.999)
  }

  @Test func sameDecomposition_matchesItself() throws {
    var recipe = TrainingRecipe.standard
    recipe.length = .steps(count: 300, evaluateEvery: 50)
    let data = try FixtureData.contributions("conv1")
    let (first, second) = (
      try Decomposition.fit(data, recipe: recipe), try Decomposition.fit(data, recipe: recipe, seed: 1)
    )
    #expect(first.bestMatches(in: first).allSatisfy { abs($0 - 1) < 1e-6 })
    let others = first.bestMatches(in: second)
    #expect(others.count == first.alive)
    #expect(others.allSatisfy { $0 <= 1 + 1e-9 } && Statistics.mean(others) < 0.999)
  }
}
