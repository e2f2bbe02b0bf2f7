import Contributions
import Figures
import Foundation
import Numerics
import Retina
import RetinaData
import Networks
import Storage
import TestSupport
import Testing

/// Figures and page of the bundled recording's analysis, and what is on them.
@Suite(.serialized) struct ReportTests {
  /// One analysis for all tests.
  private static let folder = Result { () throws -> URL in
    let folder = try Fixtures.temporaryFolder()
    let samples = Fixtures.folder.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "RetinaData/Samples")
    let (recording, model) = (
      samples.appending(path: "recording.h5").path, samples.appending(path: "model.safetensors").path
    )
    var options = RetinaAnalysis.Options()
    (options.exampleFrames, options.furtherSeeds, options.threads, options.clustering.draws) = (6, 0, 2, 9)
    // Few enough that receptive fields and movie are thinned.
    (options.explorer.receptiveFieldPixels, options.explorer.moviePixels) = (9 * 576 * 100, 576 * 300)
    _ = try RetinaAnalysis(
      recording: Recording(path: recording), model: ModelFile.load(model, architectures: [RetinaCNN()]),
      folder: folder.path,
      source: RetinaAnalysis.Source(
        recording: recording, model: model, command: "codec <demo>", software: "test"),
      options: options
    ).run()
    _ = try Report(folder: folder.path).write(formats: [.svg, .png, .pdf])
    return folder
  }

  private struct Packed: Decodable {
    let type: String
    let bytes: Data
  }

  private struct PackedMatrix: Decodable {
    let values: Packed
    let columns: Int
    let scales: [Double]

    func matrix() -> Matrix {
      let integers = stride(from: 0, to: values.bytes.count, by: 2).map {
        Int16(truncatingIfNeeded: Int(values.bytes[$0]) | Int(values.bytes[$0 + 1]) << 8)
      }
      return Matrix(
        rows: integers.count / columns, columns: columns,
        elements: integers.enumerated().map { Double($1) * scales[$0 % columns] })
    }
  }

  private struct PageData: Decodable {
    struct Layer: Decodable {
      let name: String
      let negative, positive, dictionary, correlation: PackedMatrix
    }
    struct Movie: Decodable {
      let stride: Int
      let pixels: Packed
    }
    struct Fields: Decodable { let frames: Packed }
    let rates, recorded, target: PackedMatrix
    let layers: [Layer]
    let movie: Movie
    let fields: Fields
  }

  private static func page() throws -> String {
    try String(contentsOf: folder.get().appending(path: "report.html"), encoding: .utf8)
  }

  private static func data() throws -> PageData {
    let page = try page()
    let start = try #require(page.range(of: "<script type=\"application/json\" id=\"data\">"))
    let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
    return try JSONDecoder().decode(PageData.self, from: Data(page[start.upperBound..<end.lowerBound].utf8))
  }

  /// Every figure of a retina is there in every format, and drawing again gives the same bytes.
  @Test func figures_areThereAndReproducible() throws {
    let folder = try Self.folder.get()
    let places = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "figures").path)
    let names = [
      "rates", "recorded", "contributions-conv1", "contributions-conv2", "clusters-contributions",
      "clusters-conv1",
      "clusters-conv2", "irf-single-mode-conv1", "irf-combinations-conv1", "mosaic",
      "spike-triggered-averages",
      "sta-mosaic", "dictionary-conv1",
      "dictionary-conv2", "training", "explained-variance",
    ]
    for name in names {
      for format in ["svg", "png", "pdf"] {
        #expect(places.contains("\(name).\(format)"), "\(name).\(format)")
      }
    }
    func contents() throws -> [String: Data] {
      try Dictionary(
        uniqueKeysWithValues: places.map {
          ($0, try Data(contentsOf: folder.appending(path: "figures/\($0)")))
        })
    }
    let (before, page) = (try contents(), try Self.page())
    _ = try Report(folder: folder.path).write(formats: [.svg, .png, .pdf])
    #expect(try contents() == before)
    #expect(try Self.page() == page)
    for (name, bytes) in before where name.hasSuffix(".svg") {
      let text = String(decoding: bytes, as: UTF8.self).replacing(/base64,[^']*/, with: "")
      #expect(!text.localizedCaseInsensitiveContains("nan"), "\(name)")
    }
  }

  /// What columns of matrices are is written at them: layer and sign, and the ids of modes.
  @Test func columns_areNamed() throws {
    let folder = try Self.folder.get()
    func svg(_ name: String) throws -> String {
      try String(contentsOf: folder.appending(path: "figures/\(name).svg"), encoding: .utf8)
    }
    let clusters = try svg("clusters-contributions")
    for name in ["conv1 C⁻", "conv1 C⁺", "conv2 C⁻", "conv2 C⁺"] {
      #expect(clusters.contains(">\(name)<"), "\(name)")
    }
    let loadings = try H5File(reading: folder.appending(path: "modes.h5").path).dataset(
      "/layers/conv1/loadings"
    )
    .matrix()
    let ids: [Int] = try H5File(reading: folder.appending(path: "modes.h5").path).dataset(
      "/layers/conv1/mode_id"
    )
    .numbers()
    let counts = (0..<loadings.columns).map { loadings.column($0).count { $0 != 0 } }
    let most = try #require(counts.indices.max { counts[$0] < counts[$1] })
    #expect(try svg("dictionary-conv1").contains(">\(ids[most])<"))
  }

  /// Words that are the method's own are explained, and the place of every figure is kept while it loads.
  @Test func page_explainsItsWords() throws {
    let page = try Self.page()
    #expect(page.contains("What the words mean") && page.contains("<dt>surprisal</dt>"))
    let figures = page.components(separatedBy: "<img ").dropFirst()
    #expect(!figures.isEmpty && figures.allSatisfy { $0.contains("width=\"") && $0.contains("height=\"") })
  }

  /// The page's numbers are the files', to within half a step of their packing.
  @Test func pagesNumbers_areTheFiles() throws {
    let (data, file) = (
      try Self.data(),
      try ContributionFile(reading: Self.folder.get().appending(path: "contributions.h5").path)
    )
    func compare(_ packed: PackedMatrix, _ values: Matrix, _ name: String) {
      let matrix = packed.matrix()
      #expect(matrix.rows == values.rows && matrix.columns == values.columns, "\(name)")
      for (index, value) in values.elements.enumerated() {
        let step = packed.scales[index % packed.columns]
        guard abs(matrix.elements[index] - value) <= 0.5001 * step else {
          Issue.record("\(name)[\(index)] is \(matrix.elements[index]), in the file \(value)")
          return
        }
      }
    }
    compare(data.rates, try file.output(), "rates")
    compare(data.recorded, try #require(try file.recordedRates()), "recorded rates")
    for layer in data.layers {
      let contributions = try file.contributions(of: layer.name)
      compare(layer.negative, contributions.negative, "\(layer.name) negative")
      compare(layer.positive, contributions.positive, "\(layer.name) positive")
    }
    let clusters = try H5File(reading: Self.folder.get().appending(path: "clusters.h5").path)
    let correlation = try clusters.dataset("/layers/conv2/cell_mode_correlation").matrix()
    compare(try #require(data.layers.last).correlation, correlation, "correlation")
  }

  /// What was thinned is said, and is what the page holds.
  @Test func thinning_isSaid() throws {
    let (page, data) = (try Self.page(), try Self.data())
    #expect(data.movie.stride == 3 && data.movie.pixels.bytes.count == 300 * 576)
    let fields = data.fields.frames.bytes.count / 4
    // One in nine of 880 frames, and the examples.
    #expect((98...104).contains(fields))
    #expect(page.contains("receptive fields at \(fields) of 880 frames, the movie at every 3rd frame"))
  }

  /// One file: nothing is loaded from elsewhere, and texts cannot become markup.
  @Test func page_isSelfContained() throws {
    let page = try Self.page()
    for reference in ["src=\"http", "href=\"http", "url(http", "@import", "src=\"/", "<link"] {
      #expect(!page.contains(reference), "\(reference)")
    }
    #expect(page.contains("codec &lt;demo&gt;") && !page.contains("codec <demo>"))
    #expect(page.contains("id=\"provenance\"") && page.contains("SHA-256"))
  }
}

extension Result where Failure == any Error {
  init(_ body: () throws -> Success) { self.init(catching: body) }
}
