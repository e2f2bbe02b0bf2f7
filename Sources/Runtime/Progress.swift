/// How far a piece of work is: `finished` of `total` units.
public struct ProgressReport: Sendable {
  /// What is being done, such as "contributions".
  public let task: String
  /// Units done so far.
  public let finished: Int
  /// Units in all.
  public let total: Int
  /// A short extra, such as "R² 0.93".
  public let detail: String?

  /// A report of `finished` of `total` units of `task`.
  public init(task: String, finished: Int, total: Int, detail: String? = nil) {
    self.task = task
    self.finished = finished
    self.total = total
    self.detail = detail
  }
}

/// Receives progress; the command line prints it, libraries and tests ignore it.
public typealias ProgressHandler = @Sendable (ProgressReport) -> Void
