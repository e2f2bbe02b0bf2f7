/// How far a piece of work is: `finished` of `total` units.
public struct ProgressReport: Sendable {
  /// What is being done, such as "contributions".
  public let task: String
  public let finished: Int
  public let total: Int
  /// A short extra, such as "R² 0.93".
  public let detail: String?

  public init(task: String, finished: Int, total: Int, detail: String? = nil) {
    self.task = task
    self.finished = finished
    self.total = total
    self.detail = detail
  }
}

/// Receives progress; the command line prints it, libraries and tests ignore it.
public typealias ProgressHandler = @Sendable (ProgressReport) -> Void
