import Foundation
import Numerics
import Storage

/// What of a picture acts through a mode's channels (paper Fig. 7).
struct MapFigure {
  let file: H5File
  let classNames: [String]
  /// Where overlays may be.
  let folder: String

  private static let size = 84.0

  func figure() throws -> Figure? {
    guard let layer = try file.children(of: "/layers").first else { return nil }
    let group = "/layers/\(layer)"
    let count = min(try file.dataset("\(group)/mask", rank: 3).rows, 12)
    let names = try file.dataset("/picture/name", rank: 1).texts()
    let classes: [Int] = try file.dataset("/picture/class", rank: 1).numbers()
    let modes = try file.column("\(group)/mode_id")
    let rows = (count + 2) / 3
    var plot = Plot(width: 900, height: 44 + Double(rows) * (Self.size + 54))
    for picture in 0..<count {
      let x = 20 + 292 * Double(picture % 3)
      let y = 44 + Double(picture / 3) * (Self.size + 54)
      let name =
        classNames.indices.contains(classes[picture])
        ? classNames[classes[picture]] : "class \(classes[picture])"
      plot.text(
        String(name.prefix(24)) + (modes.map { ", mode \(number($0[picture]))" } ?? ""), x, y - 12, size: 10)
      var place = x
      if let overlay = try overlay(names[picture], layer) {
        for half in [overlay.left, overlay.right] {
          add(.picture(half), width: half[0].count, height: half.count, x: place, y: y, to: &plot)
          place += Self.size + 4
        }
      } else {
        try addMask(picture, group, x: place, y: y, to: &plot)
        place += Self.size + 4
      }
      try addMap(picture, group, x: place, y: y, to: &plot)
    }
    let total = try file.dataset("\(group)/mask", rank: 3).rows
    let rest = count < total ? " The first \(count) of \(total) pictures." : ""
    return Figure(
      name: "maps", title: "What of a picture acts through \(layer.replacing("|", with: "/"))",
      caption:
        "For each picture: the picture as the network sees it, what of it acts on its class through the chosen channels "
        + "(bright where it acts; without overlays that mask alone), and the contribution of every pixel to the class's "
        + "probability through these channels, summed over colours (red raises it, blue lowers it; colours saturate at the "
        + "99.5th percentile)." + rest, plot: plot)
  }

  private func add(
    _ layer: Plot.Layer, _ colours: Plot.ColourScale? = nil, width: Int, height: Int, x: Double, y: Double,
    to plot: inout Plot
  ) {
    var panel = Plot.Panel(frame: Plot.Frame(x, y, Self.size, Self.size))
    panel.border = 15
    panel.x = Plot.Axis(range: -0.5...Double(width) - 0.5, ticks: .none)
    panel.y = Plot.Axis(range: -0.5...Double(height) - 0.5, ticks: .none, isReversed: true)
    panel.colours = colours
    panel.layers = [layer]
    plot.add(panel)
  }

  private func addMask(_ picture: Int, _ group: String, x: Double, y: Double, to plot: inout Plot) throws {
    let mask = try file.dataset("\(group)/mask", rank: 3)
    let shown: [Double] = try mask.numbers(rows: picture..<picture + 1)
    add(
      .image(Self.rows(shown.map { 1 - $0 }, mask.shape[2])), .greys(0...1), width: mask.shape[2],
      height: mask.shape[1], x: x, y: y, to: &plot)
  }

  /// Net contribution of each pixel, over colours.
  private func addMap(_ picture: Int, _ group: String, x: Double, y: Double, to plot: inout Plot) throws {
    let positive = try file.dataset("\(group)/positive", rank: 4)
    let (height, width) = (positive.shape[2], positive.shape[3])
    let all: [Double] = try positive.numbers(rows: picture..<picture + 1)
    let pixels = height * width
    let net = (0..<pixels).map { pixel in
      stride(from: pixel, to: all.count, by: pixels).reduce(0) { $0 + all[$1] }
    }
    let limit = max(Numerics.Statistics.quantile(net.map(abs), 0.995), 1e-12)
    add(
      .image(Self.rows(net.map { min(max($0, -limit), limit) }, width)), .diverging(limit: limit),
      width: width, height: height, x: x, y: y, to: &plot)
  }

  private static func rows(_ values: [Double], _ width: Int) -> [[Double]] {
    stride(from: 0, to: values.count, by: width).map { Array(values[$0..<min($0 + width, values.count)]) }
  }

  /// Both halves of an overlay that `codec maps` left, red, green and blue in 24 bits, at most 112 pixels wide.
  private func overlay(_ name: String, _ layer: String) throws -> (left: [[Int]], right: [[Int]])? {
    guard let bytes = ImagePageData.overlay(name, layer, in: folder) else { return nil }
    let picture = try Picture(decoding: [UInt8](bytes), at: name)
    let half = picture.width / 2
    let step = max(1, half / 112)
    func part(_ first: Int) -> [[Int]] {
      stride(from: 0, to: picture.height, by: step).map { y in
        stride(from: first, to: first + half, by: step).map { x in
          let pixel = 3 * (y * picture.width + x)
          return (0..<3).reduce(0) { $0 << 8 | Int(picture.pixels[pixel + $1]) }
        }
      }
    }
    return (part(0), part(half))
  }
}
