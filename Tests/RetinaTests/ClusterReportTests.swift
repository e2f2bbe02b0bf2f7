import Numerics
import Retina
import Testing

@Suite struct ClusterReportTests {
  /// A fit of cells of some types: rates follow a drive of their type, contributions a profile of their type.
  static func fit(types: [Int], seed: UInt64, noise: Double = 0.1, placed: Bool = true) -> ClusterFit {
    var random = RandomStream(seed: 77)
    let profiles = (0..<3).map { _ in (0..<8).map { _ in random.normal() } }
    random = RandomStream(seed: seed)
    let samples = 200
    let drives = (0..<3).map { _ in (0..<samples).map { _ in max(0, random.normal()) } }
    var rates = Matrix(rows: samples, columns: types.count)
    var loadings = Matrix(rows: samples, columns: 5)
    for sample in 0..<samples {
      for (cell, type) in types.enumerated() {
        rates[sample, cell] = drives[type][sample] + noise * random.uniform()
      }
      for mode in 0..<5 { loadings[sample, mode] = max(0, drives[mode % 3][sample] - 0.3 * Double(mode)) }
    }
    let contributions = Matrix(
      rows: types.count, columns: 8,
      elements: types.flatMap { type in profiles[type].map { $0 + noise * random.normal() } })
    let none = Matrix(rows: types.count, columns: 0)
    let layers = ["conv1", "conv2"].map { name in
      ClusterFit.Layer(
        name: name, decompositions: [ClusterFit.Modes(ids: [0, 3, 4, 8, 9], loadings: loadings)],
        contributions: (none, contributions))
    }
    let centres = types.map { _ in ReceptiveFieldCentre(y: 20 * random.uniform(), x: 20 * random.uniform()) }
    return ClusterFit(
      name: "fit \(seed)", cells: types.indices.map { 10 + $0 }, rates: rates, frames: Array(40..<240),
      layers: layers, centres: placed ? centres : types.map { _ in nil })
  }

  private func report(_ fits: [ClusterFit]) throws -> ClusterReport {
    var options = CellClustering.Options()
    options.draws = 49
    return try ClusterReport(fits, options: options)
  }

  private let threeTypes = (0..<15).map { $0 % 3 }

  @Test func clearTypes_areAtLeastThatManyGroups() throws {
    let report = try report([Self.fit(types: threeTypes, seed: 1)])
    #expect(report.support == .atLeast(3))
    #expect(
      report.conclusion.hasPrefix("At least 3 groups of cells are supported: their contribution profiles"))
    #expect(report.conclusion.contains("give three or more"))
    #expect(report.layerAgreement?.chosen == 1)
    #expect(report.warnings.isEmpty)
  }

  @Test func agreeingFits_tellHowMany() throws {
    let report = try self.report((1...3).map { Self.fit(types: threeTypes, seed: $0) })
    #expect(report.support == .types(3))
    #expect(report.conclusion.hasPrefix("3 types are supported: the largest number of clusters"))
    #expect(report.conclusion.contains("More are not supported: their agreement is at best"))
  }

  /// Fits see the same places: that they agree does not tell types from neighbourhoods.
  @Test func agreeingFits_ofNeighbours_areNoTypes() throws {
    let fits = (1...3).map { (seed: UInt64) -> ClusterFit in
      var fit = Self.fit(types: threeTypes, seed: seed)
      fit.centres = threeTypes.enumerated().map { cell, type in
        ReceptiveFieldCentre(y: Double(10 * type) + 0.1 * Double(cell), x: 5)
      }
      return fit
    }
    let report = try self.report(fits)
    #expect(report.support == .noTypes)
    #expect(report.conclusion.hasPrefix("No types are supported: cells with like profiles are neighbours"))
    #expect(report.conclusion.contains("3 is the largest number of clusters"))
  }

  @Test func twoFits_tellTheirAgreement() throws {
    let report = try self.report((1...2).map { Self.fit(types: threeTypes, seed: $0) })
    #expect(report.support == .atLeast(3))
    #expect(report.conclusion.contains("2 fitted networks agree on their clusters by contribution profiles"))
    #expect(report.conclusion.contains("takes three fits or more"))
  }

  @Test func oneType_isNoTypes() throws {
    let one = Array(repeating: 0, count: 15)
    let report = try report([Self.fit(types: one, seed: 4)])
    #expect(report.support == .noTypes)
    #expect(report.conclusion.hasPrefix("No types are supported"))
    #expect(report.conclusion.contains("not evidence of types"))
    #expect(report.warnings.contains { $0.contains("not supported as types") })
    #expect(try self.report((1...3).map { Self.fit(types: one, seed: $0) }).support == .noTypes)
  }

  @Test func oneStrangeCell_isNoType() throws {
    let report = try report([Self.fit(types: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0], seed: 5, noise: 0.02)])
    #expect(report.support == .noTypes)
    #expect(report.conclusion.contains("only sets apart single cells (17;"))
  }

  @Test func fewCells_areSaidToBeFew() throws {
    for count in 1...2 {
      let report = try report([Self.fit(types: Array(repeating: 0, count: count), seed: 6)])
      #expect(report.support == .tooFew)
      #expect(
        report.conclusion
          == "Cells cannot be clustered: \(count) with a response profile, three different ones are needed.")
      #expect(report.warnings.contains("only \(count) cells: clusters need three"))
    }
  }

  @Test func unknownPlaces_areSaid() throws {
    let report = try report([Self.fit(types: threeTypes, seed: 1, placed: false)])
    #expect(report.contributions?.confound == nil)
    #expect(report.conclusion.hasSuffix("so clusters may be neighbourhoods."))
  }

  @Test func fitsOfOtherCells_areRefused() {
    #expect(throws: (any Error).self) {
      try report([Self.fit(types: threeTypes, seed: 1), Self.fit(types: [0, 1, 2], seed: 2)])
    }
  }
}
