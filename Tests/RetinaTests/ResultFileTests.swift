import Foundation
import Numerics
import Retina
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct ReceptiveFieldRunTests {
  private func provenance(_ frames: [Int]) throws -> Provenance {
    try Provenance(
      schema: ReceptiveFieldRun.schema, schemaVersion: ReceptiveFieldRun.schemaVersion, command: "irf",
      options: ["frames": frames], seed: nil, software: "test", inputs: [])
  }

  private func run(_ frames: [Int], cells: [Int]? = nil) throws -> ReceptiveFieldRun {
    let fixture = try RetinaFixture.retina()
    return ReceptiveFieldRun(
      try InstantaneousReceptiveFields(model: fixture.model, windows: fixture.windows, cells: cells),
      frames: frames, includesFields: true)
  }

  @Test func file_holdsFieldsAndComponents() throws {
    let path = try Fixtures.temporaryFolder().appending(path: "irf.h5").path
    let (frames, run) = ([40, 300, 301], try run([40, 300, 301], cells: [4, 1]))
    try run.write(to: ResultWriter(path: path, provenance: provenance(frames)))
    let file = try H5File(reading: path)
    #expect(try file.dataset("/cell_id").numbers(Int.self) == [4, 1])
    #expect(try file.dataset("/frame").numbers(Int.self) == frames)
    #expect(try file.attribute("axes", of: "/irf") == .texts(["frame", "cell", "lag", "y", "x"]))
    let fields = try run.receptiveFields.fields(at: frames)
    #expect(try file.dataset("/irf").tensor() == fields)
    let spatial = try file.dataset("/spatial").tensor()
    let temporal = try file.dataset("/temporal").tensor()
    #expect(spatial.shape == [3, 2, 24, 24] && temporal.shape == [3, 2, 20])
    let parts = ReceptiveFieldComponents(field: fields.elements.suffix(20 * 24 * 24), lags: 20)
    #expect(Array(spatial.elements.suffix(24 * 24)) == parts.spatial)
    #expect(Array(temporal.elements.suffix(20)) == parts.temporal)
    #expect(try file.dataset("/singular_value_share").numbers(Double.self).last == parts.singularValueShare)
    #expect(try file.dataset("/rate").shape == [3, 2])
  }

  /// Stopped anywhere, the resumed file is the same file.
  @Test func resumed_isTheSame() throws {
    let folder = try Fixtures.temporaryFolder()
    let frames = Array(60..<110) + [500, 200]
    let whole = folder.appending(path: "whole.h5").path
    try run(frames, cells: [0, 5, 8]).write(to: ResultWriter(path: whole, provenance: provenance(frames)))
    let path = folder.appending(path: "parts.h5").path
    struct Stop: Error {}
    for limit in [1, 9, 25] {
      let writer = try ResultWriter(path: path, provenance: provenance(frames), resume: limit > 1)
      let before = writer.finishedSamples
      #expect(throws: Stop.self) {
        try run(frames, cells: [0, 5, 8]).append(
          to: writer,
          afterBlock: {
            if writer.finishedSamples >= limit { throw Stop() }
          })
      }
      #expect(writer.finishedSamples > before)
    }
    let writer = try ResultWriter(path: path, provenance: provenance(frames), resume: true)
    #expect(writer.finishedSamples >= 25 && writer.finishedSamples < frames.count)
    try run(frames, cells: [0, 5, 8]).write(to: writer)
    let (one, other) = (try H5File(reading: whole), try H5File(reading: path))
    for dataset in ["/irf", "/spatial", "/temporal", "/rate"] {
      #expect(try one.dataset(dataset).tensor() == other.dataset(dataset).tensor())
    }
    #expect(try other.dataset("/frame").numbers(Int.self) == frames)
  }

  @Test func unknownFrame_leavesNoFile() throws {
    let path = try Fixtures.temporaryFolder().appending(path: "irf.h5").path
    #expect(throws: CodecError.self) {
      try run([40, 5]).write(to: ResultWriter(path: path, provenance: provenance([40, 5])))
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}

@Suite struct ClusterWriterTests {
  @Test func file_holdsTheReport() throws {
    let path = try Fixtures.temporaryFolder().appending(path: "clusters.h5").path
    let fits = (1...3).map { ClusterReportTests.fit(types: (0..<12).map { $0 % 3 }, seed: $0) }
    var options = CellClustering.Options()
    options.draws = 19
    let report = try ClusterReport(fits, options: options)
    try ClusterWriter(report, to: ResultWriter(path: path, provenance: Self.provenance("clusters"))).write()
    let file = try H5File(reading: path)
    #expect(try file.attribute("conclusion")?.asText == report.conclusion)
    #expect(try file.dataset("/cell_id").numbers(Int.self) == report.cells)
    let part = report.layers[1].part
    let best = try #require(part.clustering.best)
    #expect(try file.dataset("/layers/conv2/label").numbers(Int.self) == best.labels)
    #expect(try file.dataset("/layers/conv2/silhouette").numbers(Double.self) == best.silhouettes)
    #expect(
      try file.dataset("/layers/conv2/k").numbers(Int.self) == part.clustering.partitions.map(\.clusters))
    #expect(try file.dataset("/layers/conv2/k_label").shape == [part.clustering.partitions.count, 12])
    #expect(
      try file.dataset("/layers/conv1/cell_mode_correlation").matrix() == report.layers[0].correlation.values)
    #expect(try file.dataset("/layers/conv1/mode_id").numbers(Int.self) == [0, 3, 4, 8, 9])
    #expect(
      try file.dataset("/agreement/layers/index").numbers(Double.self) == report.layerAgreement?.perNumber)
    #expect(file.contains("/agreement/fits_contributions/index"))
    #expect(
      try file.dataset("/contributions/profile").matrix() == report.contributions?.clustering.profiles.values)
    let combinations = report.layers[0].combinations.commonest
    #expect(
      try file.dataset("/layers/conv1/combinations/count").numbers(Int.self) == combinations.map(\.count))
    let modes: [Int] = try file.dataset("/layers/conv1/combinations/mode").numbers()
    #expect(modes.filter { $0 >= 0 } == combinations.flatMap(\.modes))
  }

  @Test func summary_isTheReports() throws {
    let path = try Fixtures.temporaryFolder().appending(path: "clusters.h5").path
    var options = CellClustering.Options()
    options.draws = 19
    let report = try ClusterReport(
      [ClusterReportTests.fit(types: (0..<12).map { $0 % 3 }, seed: 2)], options: options)
    try ClusterWriter(report, to: ResultWriter(path: path, provenance: Self.provenance("clusters"))).write()
    let file = try ClusterFile(reading: path)
    let summary = try file.summary()
    #expect(summary.conclusion == report.conclusion && summary.warnings == report.warnings)
    #expect(summary.contributions?.clusters == 3)
    #expect(summary.contributions?.labels == report.contributions?.clustering.best?.labels)
    #expect(summary.layers.map(\.name) == ["conv1", "conv2"])
    #expect(summary.layers[1].silhouette == report.layers[1].part.clustering.best?.silhouette)
    #expect(summary.layers[0].chance == report.layers[0].part.clustering.oneTypeNull?.probability)
    #expect(summary.layerAgreement == report.layerAgreement?.chosen)
    let frames = try file.exampleFrames(limit: 10)
    #expect(frames.count == 10 && frames == frames.sorted() && Set(frames).isSubset(of: Set(40..<240)))
  }

  @Test func oneCell_isWrittenToo() throws {
    let path = try Fixtures.temporaryFolder().appending(path: "clusters.h5").path
    let report = try ClusterReport([ClusterReportTests.fit(types: [0], seed: 2)])
    try ClusterWriter(report, to: ResultWriter(path: path, provenance: Self.provenance("clusters"))).write()
    let summary = try ClusterFile(reading: path).summary()
    #expect(summary.layers.map(\.clusters) == [0, 0] && summary.layers[0].silhouette == nil)
    #expect(summary.conclusion.hasPrefix("Cells cannot be clustered"))
  }

  static func provenance(_ schema: String) throws -> Provenance {
    try Provenance(
      schema: schema, schemaVersion: 1, command: "cluster", options: [String: Int](), seed: 0,
      software: "test",
      inputs: [])
  }
}

@Suite struct ClusterFitFileTests {
  /// A file with what clustering reads of a `modes.h5`.
  private func write(_ fit: ClusterFit, loadings: (Matrix) -> Matrix = { $0 }, to path: String) throws {
    let writer = try ResultWriter(path: path, provenance: ClusterWriterTests.provenance("modes"))
    try writer.write(
      fit.rates, to: "/output", axes: ["sample", "unit"], units: "Hz",
      attributes: ["unit_ids": .integers(fit.cells)])
    try writer.write(
      fit.frames, shape: [fit.frames.count], to: "/sample/index", axes: ["sample"], units: "frame")
    for layer in fit.layers {
      let (group, modes) = ("/layers/\(layer.name)", layer.decompositions[0])
      try writer.write(
        loadings(modes.loadings), to: "\(group)/loadings", axes: ["sample", "mode"], units: "1")
      try writer.write(
        modes.ids, shape: [modes.ids.count], to: "\(group)/mode_id", axes: ["mode"], units: "id")
      let contributions = try #require(layer.contributions)
      for (name, values) in [("negative", contributions.negative), ("positive", contributions.positive)] {
        try writer.write(values, to: "\(group)/cell_\(name)", axes: ["cell", "channel"], units: "Hz")
      }
    }
    try writer.commit()
  }

  @Test func files_areSortedIntoSeedsAndFits() throws {
    let folder = try Fixtures.temporaryFolder()
    let fits = (1...2).map { ClusterReportTests.fit(types: (0..<9).map { $0 % 3 }, seed: $0, noise: 0.3) }
    let paths = ["one", "seed", "other"].map { folder.appending(path: "\($0).h5").path }
    try write(fits[0], to: paths[0])
    try write(
      fits[0],
      loadings: { Matrix(rows: $0.rows, columns: $0.columns, elements: $0.elements.map { 2 * $0 + 1 }) },
      to: paths[1])
    try write(fits[1], to: paths[2])
    let read = try ClusterFit.read(paths, centres: [12: ReceptiveFieldCentre(y: 1, x: 2)])
    #expect(read.map(\.name) == ["one.h5", "other.h5"])
    #expect(read[0].layers.map(\.decompositions.count) == [2, 2])
    #expect(read[1].layers.map(\.decompositions.count) == [1, 1])
    #expect(
      read[0].rates == fits[0].rates && read[0].frames == fits[0].frames && read[0].cells == fits[0].cells)
    #expect(read[0].layers[1].contributions?.positive == fits[0].layers[1].contributions?.positive)
    #expect(read[0].centres[2]?.x == 2 && read[0].centres[3] == nil)
    #expect(throws: CodecError.self) { try ClusterFit.read([paths[0]], rates: .recorded) }
  }

  @Test func otherFiles_areRefused() throws {
    #expect(throws: CodecError.self) { try ClusterFit.read([Fixtures.path("modes/expected.h5")]) }
  }
}
