import Foundation
import Runtime

extension AnalysisSummary {
  /// The summary as a physiologist reads it.
  public var text: String {
    var lines = header
    lines += ["", "Test correlation (predicted and recorded rate)"] + correlationLines
    lines += ["", "Contributions to \(contributions.target)"] + contributionLines
    lines += ["", "Modes"] + modeLines
    lines += ["", "Clusters of cells"] + clusterLines
    lines += [""] + Self.wrapped(clusters.conclusion)
    if !warnings.isEmpty { lines += ["", "Beware"] + warnings.flatMap { Self.wrapped($0, bullet: "! ") } }
    lines += ["", "Files"] + Self.table(files.map { ["  \($0.name)", $0.holds] })
    return lines.joined(separator: "\n") + "\n"
  }

  private var header: [String] {
    var line = "\(cells.count) \(cells.count == 1 ? "cell" : "cells"), \(frames) frames of the \(split) movie"
    var memory = "each response from the \(history) frames before it"
    if let frameRate {
      line += String(format: " at %g Hz (%.1f s)", frameRate, Double(frames) / frameRate)
      memory += String(format: " (%.0f ms)", 1000 * Double(history) / frameRate)
    }
    return ["\(recording) seen through \(model)", line + ", " + memory]
  }

  private var correlationLines: [String] {
    let mean = meanTestCorrelation.map(Self.number) ?? "none"
    let each = zip(cells, testCorrelation).map { "\($0): \($1.map(Self.number) ?? "–")" }
    return ["  mean \(mean)"] + Self.wrapped("by cell  " + each.joined(separator: "  "), bullet: "  ")
  }

  private var contributionLines: [String] {
    var rows = [["  layer", "channels", "completeness gap, median", "95th percentile"]]
    for layer in contributions.layers {
      rows.append([
        "  \(layer.name)", "\(layer.channels)", layer.medianGap.map(Self.percent) ?? "not a full cut",
        layer.largeGap.map(Self.percent) ?? "",
      ])
    }
    return Self.table(rows)
  }

  private var modeLines: [String] {
    var rows = [["  layer", "modes", "never on", "on per frame", "R²", "R² held out"]]
    for layer in modes {
      rows.append([
        "  \(layer.layer)", "\(layer.alive)", "\(layer.dead)", String(format: "%.1f", layer.onPerFrame),
        Self.number(layer.r2), layer.heldOutR2.map(Self.number) ?? "–",
      ])
    }
    return Self.table(rows)
  }

  private var clusterLines: [String] {
    guard let agreement = trueTypeAgreement else { return clusters.lines }
    return clusters.lines + [
      "  agreement with the simulation's true types (adjusted Rand index) \(Self.number(agreement))"
    ]
  }

  /// Columns as wide as their widest entry.
  static func table(_ rows: [[String]]) -> [String] { TextTable.lines(rows) }

  /// Words in lines of at most a hundred characters; all but the first indented as far as the bullet.
  static func wrapped(_ text: String, bullet: String = "") -> [String] {
    var lines: [String] = []
    var line = bullet
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if line.count + word.count + 1 > 100, line.count > bullet.count {
        lines.append(line)
        line = String(repeating: " ", count: bullet.count)
      }
      if line.count > bullet.count { line += " " }
      line += word
    }
    return lines + [line]
  }
}
