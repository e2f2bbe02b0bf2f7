import Numerics
import Retina
import Testing

@Suite struct LocationConfoundTests {
  @Test func profilesOfPlace_areFoundOut() throws {
    var random = RandomStream(seed: 3)
    let centres = (0..<16).map { _ in ReceptiveFieldCentre(y: 20 * random.uniform(), x: 20 * random.uniform())
    }
    let matrix = Matrix(
      rows: 16, columns: 3,
      elements: centres.flatMap { [$0.y, $0.x, 2 * random.uniform()] })
    let followers = try CellProfiles(contributions: [(Matrix(rows: 16, columns: 0), matrix)])
    let confound = try #require(LocationConfound(followers, centres: centres))
    #expect(confound.correlation > 0.5 && confound.probability < 0.01)
    let elsewhere = centres.indices.map { centres[($0 * 7 + 5) % 16] }
    let none = try #require(LocationConfound(followers, centres: elsewhere))
    #expect(abs(none.correlation) < 0.4 && none.probability > 0.01)
  }

  @Test func unknownPlaces_giveNoAnswer() throws {
    let matrix = Matrix(rows: 5, columns: 2, elements: [1, 0, 0, 1, 1, 1, 2, 1, 1, 2])
    let profiles = try CellProfiles(contributions: [(Matrix(rows: 5, columns: 0), matrix)])
    #expect(LocationConfound(profiles, centres: Array(repeating: nil, count: 5)) == nil)
  }
}

@Suite struct ClusterAgreementTests {
  @Test func agreement_ignoresNamesAndUnlabelledCells() {
    #expect(ClusterAgreement.index([0, 0, 1, 1, -1], [1, 1, 0, 0, 0]) == 1)
    #expect(ClusterAgreement.index([0, 0, 1, 1], [0, 1, 0, 1]) < 0)
  }
}
