import Contributions
import Foundation
import Modes
import Numerics
import Retina
import Runtime
import Storage

/// The result files of one analysis of a recording, as figures and page read them.
struct RetinaResults {
  /// One layer's contributions and modes.
  struct Layer {
    let name: String
    /// C⁻ and C⁺, `[sample, channel]` in units of the target.
    let negative, positive: Matrix
    let modes: LayerDecomposition
    /// `[cell, mode]`.
    let correlation: Matrix
    let clusters: ClusterPart
    /// The layer's two example moments (paper Fig. 8B).
    let example: Example?
    let single, combinations: [Combination]

    var channels: Int { negative.columns }
    /// In how many samples each mode is on.
    let onCounts: [Int]
  }

  /// Two stimulus frames of a cell, and the mode that is on at one and off at the other.
  struct Example {
    let cell: Int
    let frames: [Int]
    let modes: [Int]
  }

  /// A set of modes that is on together while a cell fires.
  struct Combination {
    let cell: Int
    let modes: [Int]
    let count: Int
    let frames: [Int]
  }

  let folder: ResultFolder
  let summary: AnalysisSummary
  let contributions: ContributionFile
  let clusters: ClusterFile
  let fields: ReceptiveFieldSeries
  let explorer: H5File?
  let provenance: [(file: String, provenance: Provenance)]

  let cells: [Int]
  /// The stimulus frame of each sample.
  let frames: [Int]
  /// Seconds of each sample in the stimulus; frame numbers where the rate is unknown.
  let times: [Double]
  let timeLabel: String
  /// Hz, `[sample, cell]`.
  let rates: Matrix
  let recorded: Matrix?
  let target: [Double]
  let targetName: String
  let targetUnits: String
  let layers: [Layer]
  let byContributions: ClusterPart?

  /// Reads a folder that `codec analyze` or `codec demo` wrote.
  /// - Throws: `CodecError` naming the file or dataset that is missing or does not fit.
  init(_ folder: ResultFolder) throws {
    self.folder = folder
    func path(_ name: String) -> String { URL(filePath: folder.path).appending(path: name).relativePath }
    summary = try Self.summary(path("summary.json"))
    contributions = try ContributionFile(reading: path("contributions.h5"))
    let modes = try ModesFile(reading: path("modes.h5"))
    clusters = try ClusterFile(reading: path("clusters.h5"))
    let irf = try H5File(reading: path("irf.h5"))
    let hasExplorer = FileManager.default.fileExists(atPath: path("explorer.h5"))
    explorer = hasExplorer ? try H5File(reading: path("explorer.h5")) : nil
    fields = try ReceptiveFieldSeries(explorer ?? irf)
    let further = try RecordingResults(folder).files
    provenance = try ([contributions.file, modes.file, clusters.file, irf, explorer] + further).compactMap {
      file in try file.map { ($0.name, try Provenance(of: $0)) }
    }
    cells = try contributions.unitIDs()
    frames = try contributions.frames()
    let seconds = try contributions.times()
    (times, timeLabel) = (seconds ?? frames.map(Double.init), seconds == nil ? "stimulus frame" : "time (s)")
    rates = try contributions.output()
    recorded = try contributions.recordedRates()
    (target, targetName) = (try contributions.target(), try contributions.targetName())
    targetUnits = try contributions.file.dataset("/target").attribute("units")?.asText ?? "1"
    let (contributions, clusters) = (contributions, clusters)
    layers = try clusters.layers.filter(modes.layers.contains).map {
      try Layer(named: $0, contributions, modes, clusters.file)
    }
    byContributions = try ClusterPart(named: "contributions", in: clusters.file, at: "/contributions")
  }

  private static func summary(_ path: String) throws -> AnalysisSummary {
    guard let text = FileManager.default.contents(atPath: path) else {
      throw CodecError(
        .fileSystem, "cannot read the summary", at: path,
        remedy: "give the folder that codec analyze or codec demo wrote")
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do { return try decoder.decode(AnalysisSummary.self, from: text) } catch {
      throw CodecError(
        .data, "the summary is none of this program's", at: path, remedy: "run codec analyze again")
    }
  }

  /// The sample at a stimulus frame.
  func sample(ofFrame frame: Int) -> Int? {
    var (low, high) = (0, frames.count)
    while low < high {
      let middle = (low + high) / 2
      if frames[middle] < frame { low = middle + 1 } else { high = middle }
    }
    return low < frames.count && frames[low] == frame ? low : nil
  }

  /// The name of a moment: "5.43 s" or "frame 543".
  func moment(_ sample: Int) -> String {
    timeLabel == "time (s)" ? String(format: "%.2f s", times[sample]) : "frame \(frames[sample])"
  }

  /// The samples to show: all of a short movie; of a long one, so many seconds around some frames.
  func window(seconds: Double = 12, around frames: [Int]) -> Range<Int> {
    let rate = summary.frameRate ?? 100
    let most = max(200, Int(seconds * rate))
    guard self.frames.count > most else { return 0..<self.frames.count }
    let samples = frames.compactMap { sample(ofFrame: $0) }.sorted()
    guard let first = samples.first else { return 0..<most }
    // Both moments where they fit, else the first.
    let last = samples.last.map { $0 - first < most - most / 10 ? $0 : first } ?? first
    let start = min(max(0, (first + last) / 2 - most / 2), self.frames.count - most)
    return start..<start + most
  }

  /// What a caption says of the window; empty where everything is shown.
  func windowRemark(_ window: Range<Int>) -> String {
    guard window.count < frames.count else { return "" }
    return " Shown: \(window.count) of \(frames.count) frames, from \(moment(window.lowerBound)) to "
      + "\(moment(window.upperBound - 1))."
  }
}

extension RetinaResults.Layer {
  fileprivate init(
    named name: String, _ contributions: ContributionFile, _ modes: ModesFile, _ clusters: H5File
  ) throws {
    self.name = name
    (negative, positive) = try contributions.contributions(of: name)
    let layer = try modes.layer(name)
    self.modes = layer
    let group = "/layers/\(name)"
    correlation = try clusters.dataset("\(group)/cell_mode_correlation", rank: 2).matrix()
    guard let part = try ClusterPart(named: "modes of \(name)", in: clusters, at: group) else {
      throw CodecError(.data, "no clusters of \(name)", at: clusters.name)
    }
    self.clusters = part
    var counts = Array(repeating: 0, count: layer.decomposition.alive)
    let loadings = layer.decomposition.loadings
    for index in loadings.elements.indices where loadings.elements[index] != 0 {
      counts[index % max(counts.count, 1)] += 1
    }
    onCounts = counts
    single = try Self.combinations("\(group)/single_modes", clusters)
    combinations = try Self.combinations("\(group)/combinations", clusters)
    guard clusters.contains("\(group)/example/frame"),
      let cell = try clusters.attribute("cell", of: "\(group)/example")?.asInteger
    else {
      example = nil
      return
    }
    example = RetinaResults.Example(
      cell: cell, frames: try clusters.dataset("\(group)/example/frame").numbers(),
      modes: try clusters.dataset("\(group)/example/mode").numbers())
  }

  private static func combinations(_ group: String, _ file: H5File) throws -> [RetinaResults.Combination] {
    let cells: [Int] = try file.dataset("\(group)/cell", rank: 1).numbers()
    let counts: [Int] = try file.dataset("\(group)/count", rank: 1).numbers()
    func table(_ name: String) throws -> [[Int]] {
      let dataset = try file.dataset("\(group)/\(name)", rank: 2)
      let (all, width): ([Int], Int) = (try dataset.numbers(), dataset.shape[1])
      return (0..<dataset.rows).map { all[$0 * width..<($0 + 1) * width].filter { $0 >= 0 } }
    }
    let (modes, frames) = (try table("mode"), try table("frame"))
    return cells.indices.map {
      RetinaResults.Combination(cell: cells[$0], modes: modes[$0], count: counts[$0], frames: frames[$0])
    }
  }
}
