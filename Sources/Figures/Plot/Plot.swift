import Foundation

/// A figure under construction: panels at places given in pixels from the upper left corner, and the gnuplot script that
/// draws them.
public struct Plot: Sendable {
  /// Pixels.
  public let width: Double
  /// Pixels.
  public let height: Double
  private var blocks: [String] = []
  private var commands: [String] = []

  /// An empty figure.
  public init(width: Double, height: Double) { (self.width, self.height) = (width, height) }

  /// A rectangle, in pixels from the upper left corner.
  struct Frame: Sendable {
    var x, y, width, height: Double
    init(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
      (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }
  }

  /// One axis of a panel.
  struct Axis: Sendable {
    enum Ticks: Sendable {
      case automatic, none
      /// About so many automatic ones.
      case few(Double)
      case at([(place: Double, label: String)])
    }
    var label = ""
    var range: ClosedRange<Double>?
    var ticks = Ticks.automatic
    /// Whether tick labels are written.
    var isLabelled = true
    var isReversed = false
    var isLogarithmic = false
    /// Whether tick labels are turned, where upright ones would run into each other.
    var isTilted = false
  }

  /// What a panel draws.
  enum Layer: Sendable {
    case line([Double], [Double], colour: String, width: Double = 1.2, title: String? = nil, dash: Int = 1)
    case points([Double], [Double], colour: String, size: Double = 0.6, title: String? = nil, kind: Int = 7)
    case errors([Double], [Double], [Double], colour: String)
    /// Upright strokes centred on places, of a height on the y axis.
    case ticks([Double], [Double], height: Double, colour: String)
    /// Between two lines.
    case band([Double], [Double], [Double], colour: String)
    /// Filled from zero.
    case area([Double], [Double], colour: String, title: String? = nil)
    /// Bars upright on places, of a width on the x axis.
    case bars([Double], [Double], colours: [String], width: Double)
    /// Bars lying: place on the y axis, length on the x axis.
    case lyingBars([Double], [Double], colours: [String], width: Double)
    /// Rows from the first, at the y axis's `y0 + row · dy`.
    case image([[Double]], x0: Double = 0, dx: Double = 1, y0: Double = 0, dy: Double = 1)
    /// Rows from the first of a picture, each pixel red, green and blue in 24 bits.
    case picture([[Int]])
    case vertical(Double, colour: String, dash: Int = 2, width: Double = 1)
    case horizontal(Double, colour: String, dash: Int = 2, width: Double = 1)
    /// Text at a place on the axes.
    case text(
      Double, Double, String, colour: String = Colours.ink, size: Double = 9, align: String = "center")
    case box(x: ClosedRange<Double>, y: ClosedRange<Double>, colour: String)
  }

  /// How numbers of an image become colours.
  enum ColourScale: Sendable {
    /// Blue, white, red, from −limit to limit.
    case diverging(limit: Double)
    case sequential(ClosedRange<Double>)
    case greys(ClosedRange<Double>)
  }

  /// A panel: axes with what is drawn on them.
  struct Panel: Sendable {
    var frame: Frame
    var title = ""
    var x = Axis()
    var y = Axis()
    var colours: ColourScale?
    /// A key of the line titles: nil for none, else a place such as "top right" or "outside right".
    var key: String?
    /// Left and lower axes only; `none` for pictures.
    var border = 3
    var layers: [Layer] = []
    /// A colour bar beside the panel with this label.
    var colourBar: String?
    var titleColour = Colours.ink
  }
}

extension Plot {
  /// The script, without terminal and output.
  var script: String {
    (blocks + ["set encoding utf8", "set minussign", "set multiplot"] + commands + ["unset multiplot"])
      .joined(separator: "\n")
  }

  /// Text at a place in pixels.
  mutating func text(
    _ text: String, _ x: Double, _ y: Double, size: Double = 11, align: String = "left",
    colour: String = Colours.ink, bold: Bool = false, rotate: Bool = false
  ) {
    let font = "DejaVu Sans\(bold ? ":Bold" : ""),\(number(size))"
    commands +=
      Self.emptyPanel + [
        "set label 1 \(quoted(text)) at screen \(number(x / width)),\(number(1 - y / height)) \(align) "
          + "\(rotate ? "rotate by 90 " : "")font '\(font)' textcolor rgb '\(colour)' front",
        "plot 2 notitle", "unset label 1",
      ]
  }

  private static let emptyPanel = [
    "reset", "unset border", "unset xtics", "unset ytics", "unset key", "unset colorbox", "set xrange [0:1]",
    "set yrange [0:1]",
  ]

  /// Adds a panel.
  mutating func add(_ panel: Panel) {
    let frame = panel.frame
    commands += [
      "reset", "set minussign", "set lmargin at screen \(number(frame.x / width))",
      "set rmargin at screen \(number((frame.x + frame.width) / width))",
      "set tmargin at screen \(number(1 - frame.y / height))",
      "set bmargin at screen \(number(1 - (frame.y + frame.height) / height))",
      "set border \(panel.border) linewidth 0.8 linecolor rgb '#555555'",
      "set tics nomirror out scale 0.5 textcolor rgb '\(Colours.ink)' font 'DejaVu Sans,9'",
      "set style fill solid 1 noborder",
      panel.key.map {
        "set key \($0) Left reverse samplen 1.5 font 'DejaVu Sans,9' textcolor rgb '\(Colours.ink)'"
      }
        ?? "unset key",
    ]
    if !panel.title.isEmpty {
      commands.append(
        "set title \(quoted(panel.title)) font 'DejaVu Sans,10' textcolor rgb '\(panel.titleColour)' offset 0,-0.5"
      )
    }
    let (xs, ys) = panel.values
    commands += axis("x", panel.x.resolved(xs, pixels: frame.width / 2.2), isOn: panel.border & 1 != 0)
    commands += axis("y", panel.y.resolved(ys, pixels: frame.height), isOn: panel.border & 2 != 0)
    commands += colourCommands(panel)
    var drawn: [String] = []
    for (index, layer) in panel.layers.enumerated() { draw(layer, index + 1, panel, &drawn) }
    // A panel with nothing but text or boxes still needs something to plot.
    commands.append("plot " + (drawn.isEmpty ? "NaN notitle" : drawn.joined(separator: ", ")))
  }

  private func axis(_ name: String, _ axis: Axis, isOn: Bool) -> [String] {
    var commands: [String] = []
    if let range = axis.range {
      let (low, high) =
        axis.isReversed ? (range.upperBound, range.lowerBound) : (range.lowerBound, range.upperBound)
      commands.append("set \(name)range [\(number(low)):\(number(high))]")
    }
    if axis.isLogarithmic { commands.append("set logscale \(name)") }
    if !axis.label.isEmpty {
      commands.append(
        "set \(name)label \(quoted(axis.label)) font 'DejaVu Sans,10' textcolor rgb '\(Colours.ink)'")
    }
    switch axis.ticks {
    case .automatic: if !isOn { commands.append("unset \(name)tics") }
    case .none: commands.append("unset \(name)tics")
    case .few(let step): commands.append("set \(name)tics \(number(step))")
    case .at(let ticks):
      let list = ticks.map { "\(quoted($0.label)) \(number($0.place))" }.joined(separator: ", ")
      commands.append("set \(name)tics (\(list))")
    }
    if axis.isTilted { commands.append("set \(name)tics rotate by 40 right") }
    // The usual format begins with a space, which moves labels off their ticks.
    commands.append("set format \(name) '\(axis.isLabelled ? "%h" : "")'")
    return commands
  }

  private func colourCommands(_ panel: Panel) -> [String] {
    var commands: [String] = []
    switch panel.colours {
    case .diverging(let limit):
      let limit = limit > 0 ? limit : 1
      commands += [
        "set palette defined (\(Colours.diverging))", "set cbrange [\(number(-limit)):\(number(limit))]",
      ]
    case .sequential(let range), .greys(let range):
      var colours = Colours.sequential
      if case .greys = panel.colours { colours = Colours.greys }
      let high = range.upperBound > range.lowerBound ? range.upperBound : range.lowerBound + 1
      commands += [
        "set palette defined (\(colours))", "set cbrange [\(number(range.lowerBound)):\(number(high))]",
      ]
    case nil: break
    }
    guard let label = panel.colourBar else { return commands + ["unset colorbox"] }
    let frame = panel.frame
    let length = min(frame.height, 140)
    if let range = panel.colours?.range, range.upperBound > range.lowerBound {
      let step = Self.step(range.upperBound - range.lowerBound, pixels: length, apart: 16)
      commands.append("set cbtics \(number(step))")
    }
    return commands + [
      "set colorbox user origin screen \(number((frame.x + frame.width + 10) / width)), screen "
        + "\(number(1 - (frame.y + length) / height)) size screen \(number(9 / width)), screen "
        + "\(number(length / height)) noborder",
      "set cbtics font 'DejaVu Sans,8' scale 0.4 nomirror", "set format cb '%h'",
      "set cblabel \(quoted(label)) font 'DejaVu Sans,9' offset 0.5,0",
    ]
  }
}

extension Plot.Axis {
  /// The same with ticks that have room: automatic ones become round numbers, at least 22 pixels apart.
  func resolved(_ values: [Double], pixels: Double) -> Self {
    guard case .automatic = ticks, !isLogarithmic else { return self }
    let known = values.filter(\.isFinite)
    let (low, high) = (range?.lowerBound ?? known.min() ?? 0, range?.upperBound ?? known.max() ?? 1)
    guard high > low else { return self }
    var axis = self
    axis.ticks = .few(Plot.step(high - low, pixels: max(pixels, 44), apart: 22))
    return axis
  }
}

extension Plot {
  /// A round distance of ticks that are so many pixels apart, over a range that is `pixels` long.
  static func step(_ range: Double, pixels: Double, apart: Double) -> Double {
    let least = range * apart / pixels
    let power = pow(10, floor(log10(least)))
    return power * ([1, 2, 5, 10].first { power * $0 >= least } ?? 10)
  }
}

extension Plot.ColourScale {
  /// The numbers from its first to its last colour.
  var range: ClosedRange<Double> {
    switch self {
    case .diverging(let limit): -limit...limit
    case .sequential(let range), .greys(let range): range
    }
  }
}

extension Plot.Panel {
  /// The numbers on its axes.
  fileprivate var values: (x: [Double], y: [Double]) {
    var (xs, ys): ([Double], [Double]) = ([], [])
    for layer in layers {
      switch layer {
      case .line(let x, let y, _, _, _, _), .points(let x, let y, _, _, _, _), .ticks(let x, let y, _, _):
        (xs, ys) = (xs + x, ys + y)
      case .errors(let x, let y, let spread, _):
        xs += x
        ys += zip(y, spread).flatMap { [$0 - $1, $0 + $1] }
      case .band(let x, let low, let high, _): (xs, ys) = (xs + x, ys + low + high)
      case .area(let x, let y, _, _), .bars(let x, let y, _, _): (xs, ys) = (xs + x, ys + y + [0])
      case .lyingBars(let places, let values, _, _): (xs, ys) = (xs + values + [0], ys + places)
      case .image, .picture, .vertical, .horizontal, .text, .box: break
      }
    }
    return (xs, ys)
  }
}

extension Plot {
  private mutating func draw(_ layer: Layer, _ tag: Int, _ panel: Panel, _ drawn: inout [String]) {
    switch layer {
    case .line(let x, let y, let colour, let width, let title, let dash):
      let (x, y) = Thinning.envelope(x, y, buckets: Int(panel.frame.width))
      drawn.append(
        "\(block([x, y])) using 1:2 with lines linewidth \(number(width)) dashtype \(dash) linecolor rgb '\(colour)' "
          + key(title))
    case .points(let x, let y, let colour, let size, let title, let kind):
      drawn.append(
        "\(block([x, y])) using 1:2 with points pointtype \(kind) pointsize \(number(size)) linecolor rgb '\(colour)' "
          + key(title))
    case .errors(let x, let y, let spread, let colour):
      drawn.append(
        "\(block([x, y, spread])) using 1:2:3 with yerrorbars pointtype 7 pointsize 0.5 linecolor rgb '\(colour)' notitle"
      )
    case .ticks(let x, let y, let height, let colour):
      drawn.append(
        "\(block([x, y.map { $0 - height / 2 }])) using 1:2:(0):(\(number(height))) with vectors nohead linewidth 0.8 "
          + "linecolor rgb '\(colour)' notitle")
    case .band(let x, let low, let high, let colour):
      drawn.append(
        "\(block([x, low, high])) using 1:2:3 with filledcurves fillcolor rgb '\(colour)' fillstyle transparent solid 0.25 "
          + "noborder notitle")
    case .area(let x, let y, let colour, let title):
      let (x, y) = Thinning.envelope(x, y, buckets: Int(panel.frame.width))
      drawn.append(
        "\(block([x, y])) using 1:2 with filledcurves y1=0 fillcolor rgb '\(colour)' " + key(title))
    case .bars(let places, let values, let colours, let width):
      let colours = colours.map { Double(Int($0.dropFirst(), radix: 16) ?? 0) }
      drawn.append(
        "\(block([places, values, places.map { _ in width }, colours])) using 1:2:3:4 with boxes linecolor rgb variable notitle"
      )
    case .lyingBars(let places, let values, let colours, let width):
      let colours = colours.map { Double(Int($0.dropFirst(), radix: 16) ?? 0) }
      let columns = [
        places, values.map { min(0, $0) }, values.map { max(0, $0) }, places.map { $0 - width / 2 },
        places.map { $0 + width / 2 }, colours,
      ]
      drawn.append(
        "\(block(columns)) using ($2+$3):1:2:3:4:5:6 with boxxyerror linecolor rgb variable notitle")
    case .image(let rows, let x0, let dx, let y0, let dy):
      // The program draws no image of a single row.
      if rows.count == 1 {
        return draw(
          .image(rows + rows, x0: x0, dx: dx, y0: y0 - dy / 4, dy: dy / 2), tag, panel, &drawn)
      }
      let rows = dy < 0 ? rows.reversed() : rows
      let bottom = dy < 0 ? y0 + dy * Double(rows.count - 1) : y0
      let step = abs(dy)
      drawn.append(
        "\(matrix(rows)) matrix using (\(number(x0))+$1*\(number(dx))):(\(number(bottom))+$2*\(number(step))):3 with image notitle"
      )
    case .picture(let rows):
      let pixels = rows.enumerated().flatMap { y, row in row.enumerated().map { (x: $0, y: y, colour: $1) } }
      let columns = [
        pixels.map { Double($0.x) }, pixels.map { Double($0.y) },
        pixels.map { Double($0.colour >> 16 & 255) }, pixels.map { Double($0.colour >> 8 & 255) },
        pixels.map { Double($0.colour & 255) },
      ]
      drawn.append("\(block(columns)) using 1:2:3:4:5 with rgbimage notitle")
    case .vertical(let x, let colour, let dash, let width):
      commands.append(
        "set arrow \(tag) from \(number(x)), graph 0 to \(number(x)), graph 1 nohead dashtype \(dash) linewidth "
          + "\(number(width)) linecolor rgb '\(colour)' front")
    case .horizontal(let y, let colour, let dash, let width):
      commands.append(
        "set arrow \(tag) from graph 0, first \(number(y)) to graph 1, first \(number(y)) nohead dashtype \(dash) linewidth "
          + "\(number(width)) linecolor rgb '\(colour)' front")
    case .text(let x, let y, let text, let colour, let size, let align):
      commands.append(
        "set label \(tag) \(quoted(text)) at first \(number(x)), first \(number(y)) \(align) font 'DejaVu Sans,\(number(size))' "
          + "textcolor rgb '\(colour)' front")
    case .box(let x, let y, let colour):
      commands.append(
        "set object \(tag) rectangle from first \(number(x.lowerBound)), first \(number(y.lowerBound)) to first "
          + "\(number(x.upperBound)), first \(number(y.upperBound)) fillcolor rgb '\(colour)' fillstyle solid noborder back"
      )
    }
  }

  private func key(_ title: String?) -> String { title.map { "title \(quoted($0))" } ?? "notitle" }

  /// Columns of numbers as a named block of data; a number that is not finite leaves a gap.
  private mutating func block(_ columns: [[Double]]) -> String {
    let rows = columns.map(\.count).min() ?? 0
    let lines = (0..<rows).map { row in columns.map { number($0[row]) }.joined(separator: " ") }
    return add(lines.isEmpty ? ["NaN NaN NaN NaN NaN NaN"] : lines)
  }

  private mutating func matrix(_ rows: [[Double]]) -> String {
    add(rows.map { $0.map(number).joined(separator: " ") })
  }

  private mutating func add(_ lines: [String]) -> String {
    let name = "$d\(blocks.count)"
    blocks.append("\(name) << EOD\n\(lines.joined(separator: "\n"))\nEOD")
    return name
  }

  private func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
      + "\""
  }
}

/// A number as gnuplot reads it, with the digits a figure can show.
func number(_ value: Double) -> String {
  guard value.isFinite else { return "NaN" }
  return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(format: "%.7g", value)
}
