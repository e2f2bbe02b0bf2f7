import Testing

@Suite struct UsageTests {
  @Test func version_isPrinted() throws {
    let outcome = try Program().run("--version")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("0.1.0"))
  }

  @Test func unknownCommand_isAUsageError() throws {
    let outcome = try Program().run("analyse")
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("analyse"))
  }
}
