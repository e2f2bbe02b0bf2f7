import Contributions
import Numerics
import Runtime
import Testing

@Suite struct TargetChoiceTests {
  @Test func everySpelling_readsBackAsItself() throws {
    let spellings = [
      "surprisal", "mahalanobis", "cell:12", "unit:kite", "sum", "top:3", "class:4", "label", "entropy",
      "contrastive",
    ]
    for spelling in spellings { #expect(try TargetChoice(parsing: spelling).description == spelling) }
    #expect(try TargetChoice(parsing: "top") == .top(1))
  }

  @Test func unknownSpelling_listsTheValidOnes() {
    for spelling in ["", "surprise", "cell", "cell:", "top:0", "top:x", "class:-1", "sum:2", "surprisal:1"] {
      #expect {
        try TargetChoice(parsing: spelling)
      } throws: { error in
        guard let error = error as? CodecError else { return false }
        return error.kind == .usage && error.description.contains("surprisal, mahalanobis, cell:ID")
      }
    }
  }

  @Test func cell_isFoundByIdNotByPlace() throws {
    let target = try TargetChoice.cell("7").target(unitIDs: ["3", "7", "9"])
    #expect(target.value([10, 20, 30]) == 20)
  }

  @Test func unknownCell_listsTheCells() {
    #expect(throws: CodecError.unknown("cell", "1", valid: ["3", "7"])) {
      try TargetChoice.cell("1").target(unitIDs: ["3", "7"])
    }
  }

  @Test func impossibleRequests_areUsageErrors() {
    let requests: [() throws -> any Target] = [
      { try TargetChoice.top(4).target(unitIDs: ["0", "1"]) },
      { try TargetChoice.classIndex(2).target(unitIDs: ["0", "1"]) },
      { try TargetChoice.contrastive.target(unitIDs: ["0"]) },
      { try TargetChoice.entropy.target(unitIDs: ["0", "1"], appliesSoftmax: true) },
    ]
    for request in requests {
      #expect {
        try request()
      } throws: { ($0 as? CodecError)?.kind == .usage }
    }
  }
}
