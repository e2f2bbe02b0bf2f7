import Foundation
import Numerics
import Storage

/// What of a picture acts through a mode's channels (paper Fig. 7).
struct MapFigure {
  let file: H5File
  let classNames: [String]

  func figure() throws -> Figure? {
    guard let layer = try file.children(of: "/layers").first else { return nil }
    let group = "/layers/\(layer)"
    let mask = try file.dataset("\(group)/mask", rank: 3)
    let count = min(mask.rows, 12)
    let (height, width) = (mask.shape[1], mask.shape[2])
    let positive = try file.dataset("\(group)/positive", rank: 4)
    let classes: [Int] = try file.dataset("/picture/class", rank: 1).numbers()
    let modes: [Int]? =
      file.contains("\(group)/mode_id") ? try file.dataset("\(group)/mode_id").numbers() : nil
    let columns = 4
    let rows = (count + columns - 1) / columns
    let size = 96.0
    var plot = Plot(width: 900, height: 30 + Double(rows) * (size + 66))
    for picture in 0..<count {
      let x = 24 + Double(picture % columns) * 218
      let y = 44 + Double(picture / columns) * (size + 66)
      let name =
        classNames.indices.contains(classes[picture])
        ? classNames[classes[picture]] : "class \(classes[picture])"
      let all: [Double] = try positive.numbers(rows: picture..<picture + 1)
      let pixels = height * width
      // Net contribution of each pixel: over colours.
      let net = (0..<pixels).map { pixel in
        stride(from: pixel, to: all.count, by: pixels).reduce(0) { $0 + all[$1] }
      }
      let limit = max(Numerics.Statistics.quantile(net.map(abs), 0.995), 1e-12)
      var map = Plot.Panel(frame: Plot.Frame(x, y, size, size))
      map.border = 15
      map.title = String(name.prefix(18)) + (modes.map { "\nmode \($0[picture])" } ?? "")
      map.x = Plot.Axis(range: -0.5...Double(width) - 0.5, ticks: .none)
      map.y = Plot.Axis(range: -0.5...Double(height) - 0.5, ticks: .none, isReversed: true)
      map.colours = .diverging(limit: limit)
      map.layers = [.image(Self.rows(net.map { min(max($0, -limit), limit) }, width))]
      plot.add(map)
      let shown: [Double] = try mask.numbers(rows: picture..<picture + 1)
      map.frame.x += size + 6
      map.title = ""
      map.colours = .greys(0...1)
      map.layers = [.image(Self.rows(shown.map { 1 - $0 }, width))]
      plot.add(map)
    }
    let rest = count < mask.rows ? " The first \(count) of \(mask.rows) pictures." : ""
    return Figure(
      name: "maps", title: "What of a picture acts through \(layer.replacing("|", with: "/"))",
      caption:
        "Left of each pair: contribution of every pixel to the class's probability through the chosen channels, "
        + "positive channels and positions only, summed over colours (red raises it, blue lowers it; colours saturate at the "
        + "99.5th percentile). Right: the mask that shows where it acts (bright)." + rest, plot: plot)
  }

  private static func rows(_ values: [Double], _ width: Int) -> [[Double]] {
    stride(from: 0, to: values.count, by: width).map { Array(values[$0..<min($0 + width, values.count)]) }
  }
}
