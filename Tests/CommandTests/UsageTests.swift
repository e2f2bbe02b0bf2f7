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

  @Test(arguments: ["0", "100000"]) func threadsOutOfRange_areAUsageError(threads: String) throws {
    let outcome = try Program().run("demo", "--threads", threads)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("--threads must be from 1 to 256"))
  }
}
