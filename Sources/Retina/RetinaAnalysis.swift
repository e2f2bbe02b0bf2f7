import Contributions
import Foundation
import Modes
import Networks
import RetinaData
import Runtime
import Storage

/// The whole analysis of a recording through a fitted network (paper section 7, Fig. 8): contributions, modes,
/// clusters of cells, receptive fields and a summary, each a file in one folder.
///
///     let analysis = try RetinaAnalysis(
///       recording: recording, model: model, folder: "results", provenance: source, options: options)
///     let summary = try analysis.run()
///     print(summary.text)
///
/// A run that was stopped goes on with `resume`: complete files are kept, the unfinished one is continued.
public struct RetinaAnalysis: Sendable {
  /// What is analysed and how.
  public struct Options: Sendable {
    /// The movie.
    public var split = "test"
    /// Layers, target, method and precision.
    public var contributions = ContributionOptions()
    /// What is decomposed and how; layers and seed are the analysis's.
    public var decomposition = DecompositionOptions()
    /// Decides everything random.
    public var seed: UInt64 = 0
    /// Decompositions by further seeds, to see how stable clusters by modes are.
    public var furtherSeeds = 2
    /// Which rates are correlated with loadings.
    public var rates = RateSource.model
    /// How clusters are looked for; seed and threads are the analysis's.
    public var clustering = CellClustering.Options()
    /// Frames whose receptive fields are computed; examples of single modes and their combinations where nil.
    public var receptiveFieldFrames: [Int]?
    /// The largest number of such examples.
    public var exampleFrames = 48
    /// Whether receptive fields are kept as a whole beside their space and time components.
    public var includesFields = false
    /// What the page's movie and receptive fields may take.
    public var explorer = ExplorerRun.Limits()
    /// Threads that work.
    public var threads = 1
    /// Replace results that are there.
    public var force = false
    /// Go on where an earlier run stopped.
    public var resume = false

    /// The convolutions' contributions to surprisal over the test movie, each cell's own over 128 frames.
    public init() {
      contributions.layers = ["conv1", "conv2"]
      contributions.perCellFrames = 128
    }
  }

  /// Where the results come from, the same for all of them.
  public struct Source: Sendable {
    /// Path of the recording.
    public var recording: String
    /// Path of the model.
    public var model: String
    /// The command line.
    public var command: String
    /// The program and its version.
    public var software: String

    /// A source from its parts.
    public init(recording: String, model: String, command: String, software: String) {
      (self.recording, self.model, self.command, self.software) = (recording, model, command, software)
    }
  }

  /// The split seen through the model.
  public let input: RecordedInput
  /// Folder of the results.
  public let folder: String
  /// Where they come from.
  public let source: Source
  /// What is analysed and how.
  public let options: Options
  let recording: Recording
  let trueTypes: [Int]?

  /// Checks that model and recording fit and that no result is in the way.
  /// - Parameters:
  ///   - folder: of the results; it must be there.
  /// - Throws: `CodecError` of kind `data` where model and recording do not fit, `usage` for unknown layers and the
  ///   like, `fileSystem` where results are there already.
  public init(
    recording: Recording, model: LoadedModel, folder: String, source: Source, options: Options = Options()
  ) throws {
    input = try RecordedInput(recording, split: options.split, model: model)
    (self.recording, self.folder, self.source) = (recording, folder, source)
    var options = options
    options.contributions.threads = options.threads
    (options.clustering.seed, options.clustering.threads) = (options.seed, options.threads)
    self.options = options
    let types = recording.cellTypes()
    trueTypes = types.map { types in model.unitIDs.map { types[$0] } }
    if !options.force && !options.resume { try requireFreeNames() }
  }

  /// The files written, in their order.
  public enum ResultName: String, CaseIterable, Sendable {
    /// What each channel contributes to the target, frame by frame.
    case contributions = "contributions.h5"
    /// The modes of each layer with their loadings over time.
    case modes = "modes.h5"
    /// Cells clustered.
    case clusters = "clusters.h5"
    /// Receptive fields.
    case receptiveFields = "irf.h5"
    /// What the page shows beside the others.
    case explorer = "explorer.h5"
    /// What the recording says of each cell without the model.
    case cells = "cells.h5"
    /// The summary for programs.
    case summary = "summary.json"
    /// The summary for people.
    case text = "summary.txt"

    /// What it holds, for the summary.
    var holds: String {
      switch self {
      case .contributions: "contributions of each channel, frame by frame; rates"
      case .modes: "modes of each layer and their loadings over time"
      case .clusters: "clusters of cells, silhouettes, cell × mode correlation, mode combinations"
      case .receptiveFields: "instantaneous receptive fields in space and time"
      case .explorer: "the movie and receptive fields throughout, for the page"
      case .cells: "each cell without the model: spike-triggered average, reliability over repeats"
      case .summary: "this summary for programs"
      case .text: "this summary"
      }
    }
  }

  /// The path of a result.
  public func path(_ name: ResultName) -> String { path(name.rawValue) }

  func path(_ name: String) -> String { URL(filePath: folder).appending(path: name).relativePath }

  /// Names of the decompositions by further seeds.
  var furtherSeedNames: [String] { (0..<options.furtherSeeds).map { "modes-seed\($0 + 1).h5" } }

  /// Computes what is not there yet.
  /// - Returns: what was found; also written as `summary.json` and `summary.txt`.
  /// - Throws: `CodecError` of any kind; the unfinished file can be resumed.
  public func run(progress: ProgressHandler? = nil) throws -> AnalysisSummary {
    try computeContributions(progress: progress)
    try decompose(progress: progress)
    try cluster(progress: progress)
    try computeReceptiveFields(progress: progress)
    try explore(progress: progress)
    let remark = try describeCells(progress: progress)
    try copyTrainingHistory()
    var summary = try summarise()
    if let remark { summary.warnings.append(remark) }
    try summary.write(json: path(.summary), text: path(.text))
    return summary
  }

  private func requireFreeNames() throws {
    for name in ResultName.allCases.map(\.rawValue) + furtherSeedNames {
      for path in [path(name), ResultWriter.partialPath(of: path(name))]
      where FileManager.default.fileExists(atPath: path) {
        throw CodecError(
          .fileSystem, "results of an earlier analysis are there", at: path,
          remedy: "--resume goes on with them, --force replaces them, or choose another folder")
      }
    }
  }
}
