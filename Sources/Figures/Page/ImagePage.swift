import Foundation
import Storage

/// The page of experiments on images.
struct ImagePage {
  let results: ImageResults
  let drawn: [(figure: Figure, svg: String)]

  func html() throws -> String {
    let data = try ImagePageData(results)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var sections = [(id: "summary", name: "Summary", html: try summary(data))]
    if !data.layers.isEmpty {
      sections.append(
        (id: "explorer", name: "Modes and classes", html: Page.filled(PackageResources.images_html, [:])))
    }
    if !drawn.isEmpty {
      let body = "<section id=\"figures\"><h2>Figures</h2>\(Page.gallery(drawn))</section>"
      sections.append((id: "figures", name: "Figures", html: body))
    }
    let provenance = try results.provenance()
    let inputs = Set(provenance.flatMap(\.provenance.inputs).map(\.name))
    let model = inputs.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".onnx") }.sorted().first
    return Page(
      title: "Pictures seen through " + (model ?? "an image network"),
      lead: "\(data.samples.isEmpty ? "" : "\(data.samples.count) pictures, ")\(data.classes.count) classes, "
        + "\(data.layers.count) layers.",
      sections: sections, provenance: provenance,
      data: String(decoding: try encoder.encode(data), as: UTF8.self), script: PackageResources.images_js
    ).html
  }

  private static let words = """
    A mode is a set of channels whose contributions go up and down together from picture to picture. R² is the share of \
    the contributions' variance that the modes explain; held out: in pictures that were not used to find them.
    """

  private func summary(_ data: ImagePageData) throws -> String {
    var warnings: [String] = []
    var rows: [[String]] = []
    if let modes = results.modes {
      for layer in try modes.children(of: "/layers") {
        func number(_ name: String) throws -> Double? {
          try modes.attribute(name, of: "/layers/\(layer)")?.asNumber
        }
        let (r2, alive, dead) = (try number("r2"), try number("alive"), try number("dead"))
        let words = { (value: Double?, format: String) in value.map { String(format: format, $0) } ?? "–" }
        rows.append([
          layer.replacing("|", with: "/"), words(alive, "%.0f"), words(dead, "%.0f"),
          words(try number("mean_l0"), "%.1f"),
          words(r2, "%.2f"), words(try number("r2_held_out"), "%.2f"),
        ])
        let remarks = try modes.attribute("remarks", of: "/layers/\(layer)")?.asText ?? ""
        warnings += remarks.split(separator: "\n").map { "\(layer): \($0)" }
      }
    }
    let table =
      rows.isEmpty
      ? ""
      : table(["layer", "modes", "never on", "on per picture", "R²", "R² held out"], rows)
        + "<p class=\"note\">\(escaped(Self.words))</p>"
    return "<section id=\"summary\"><h2>Summary</h2>"
      + (rows.isEmpty ? "" : warningBox(warnings, fine: "No decomposition reports a problem.")) + table
      + "</section>"
  }
}
