/// What a `NAME.partial` file holds that an interrupted run left.
public struct UnfinishedResult: Sendable {
  /// Where the result comes from.
  public let provenance: Provenance
  /// Samples whose rows are safe; a resumed run goes on with the next.
  public let finishedSamples: Int

  /// Reads the unfinished result at a path; nil where the file is something else.
  /// - Throws: `CodecError` of kind `fileSystem` where it cannot be read.
  public init?(reading path: String) throws {
    guard let found = try ResultJournal.lastCheckpoint(in: path) else { return nil }
    (provenance, finishedSamples) = (found.provenance, found.finishedSamples)
  }
}
