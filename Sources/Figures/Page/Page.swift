import Foundation
import Runtime
import Storage

/// One self-contained HTML file: no network, no other files.
struct Page {
  var title: String
  var lead: String
  /// Sections of the page, as (id, name in the menu, HTML).
  var sections: [(id: String, name: String, html: String)]
  var provenance: [(file: String, provenance: Provenance)]
  /// JSON for the script.
  var data: String
  /// The script that draws what moves.
  var script: [UInt8]

  var html: String {
    let menu =
      sections.map { "<a href=\"#\($0.id)\">\(escaped($0.name))</a>" } + [
        "<a href=\"#provenance\">Provenance</a>"
      ]
    return Self.filled(
      PackageResources.report_html,
      [
        "title": escaped(title), "lead": escaped(lead), "style": Self.text(PackageResources.report_css),
        "sections": menu.joined(separator: "\n"), "body": sections.map(\.html).joined(separator: "\n"),
        "provenance": provenanceTable,
        // "<" may not end the script element early.
        "data": data.replacing("<", with: "\\u003c"), "script": Self.text(script),
      ])
  }

  private var provenanceTable: String {
    let rows = provenance.map { file, one in
      [
        file, one.command, one.software, one.created, one.seed.map { "\($0)" } ?? "nothing random",
        one.inputs.map { "\($0.name) (SHA-256 \($0.sha256.prefix(12))…)" }.joined(separator: ", "),
      ]
    }
    let options = provenance.map { file, one in
      "<details><summary>Options of \(escaped(file))</summary><code>\(escaped(one.options))</code></details>"
    }
    return table(["file", "command", "program", "made", "seed", "inputs"], rows)
      + options.joined(separator: "\n")
      + "<p class=\"note\">Nothing on this page is drawn from numbers that are not in these files.</p>"
  }

  /// A resource with its `{{names}}` replaced.
  static func filled(_ resource: [UInt8], _ values: [String: String]) -> String {
    var parts: [String] = []
    var rest = text(resource)[...]
    while let open = rest.range(of: "{{"),
      let close = rest.range(of: "}}", range: open.upperBound..<rest.endIndex)
    {
      let name = String(rest[open.upperBound..<close.lowerBound])
      parts.append(String(rest[..<open.lowerBound]))
      guard let value = values[name] else { preconditionFailure("the page has no \(name)") }
      parts.append(value)
      rest = rest[close.upperBound...]
    }
    return (parts + [String(rest)]).joined()
  }

  private static func text(_ resource: [UInt8]) -> String { String(decoding: resource, as: UTF8.self) }

  /// Drawn figures with their captions.
  static func gallery(_ figures: [(figure: Figure, svg: String)]) -> String {
    figures.map { figure, svg in
      """
      <figure class="figure" id="figure-\(figure.name)"><h3>\(escaped(figure.title))</h3>
      <div class="scroll"><img alt="\(escaped(figure.title))" width="\(Int(figure.plot.width))" \
      height="\(Int(figure.plot.height))" loading="lazy" src="data:image/svg+xml;base64,\
      \(Data(svg.utf8).base64EncodedString())"></div>
      <figcaption>\(escaped(figure.caption))</figcaption></figure>
      """
    }.joined(separator: "\n")
  }
}
