import Numerics

/// Spikes of every repeat above their mean over the repeats, and what a model predicts.
struct RasterFigure {
  let results: CellResults
  /// Drawn over the means where it is given.
  let prediction: CellResults.Prediction?

  private static let (left, width) = (110.0, 700.0)

  /// Up to eight cells; nil where nothing was shown repeatedly.
  func figure() throws -> Figure? {
    guard let repeats = results.repeats else { return nil }
    let shown = min(results.cells.count, 8)
    let rate = results.frameRate
    let frames = min(repeats.frames, max(200, Int(9 * (rate ?? 100))))
    let raster = min(90, max(42, 1.6 * Double(repeats.count)))
    let row = raster + 98
    var plot = Plot(width: 900, height: 40 + row * Double(shown) + 34)
    let rasters = try (0..<shown).map { try results.raster($0, frames: frames) }
    let units = Responses(rasters)
    if prediction != nil { plot.text("model", 810, 18, size: 10, align: "right", colour: Colours.model) }
    plot.text("mean of repeats", 740, 18, size: 10, align: "right", colour: "#777777")
    let times = (0..<frames).map { Double($0) / (rate ?? 1) }
    for cell in 0..<shown {
      let top = 34 + row * Double(cell)
      plot.text("cell \(results.cells[cell])", 12, top + raster / 2 + 4, size: 10, bold: true)
      let frame = Plot.Frame(Self.left, top, Self.width, raster)
      plot.addRaster(rasters[cell], times: times, frame: frame)
      if cell == 0 { plot.text("repeat", 72, top + raster / 2, size: 9, align: "center", rotate: true) }
      var mean = Plot.Panel(frame: Plot.Frame(Self.left, top + raster + 13, Self.width, 54))
      let isLast = cell == shown - 1
      mean.x = Plot.Axis(
        label: isLast ? (rate == nil ? "frame" : "time (s)") : "", range: 0...(times.last ?? 1),
        isLabelled: isLast)
      let values = units.mean(rasters[cell], frameRate: rate)
      let predicted = predicted(cell, frames: frames)
      let peak = max(values.max() ?? 0, predicted?.1.max() ?? 0, 1e-9)
      let label = (peak.rounded() > 0 ? peak.rounded() : peak)
      mean.y = Plot.Axis(
        label: units.name(frameRate: rate), range: 0...peak * 1.05,
        ticks: .at([(0, "0"), (label, number(label))]))
      mean.layers = [.area(times, values, colour: "#C8C8C8")]
      if let (places, rates) = predicted {
        mean.layers.append(
          .line(places.map { Double($0) / (rate ?? 1) }, rates, colour: Colours.model, width: 1.1))
      }
      plot.add(mean)
    }
    return Figure(
      name: "raster", title: "Responses to the repeated movie",
      caption:
        "For each cell: its responses in each of \(repeats.count) repeats (\(units.drawn)), and below, in grey, "
        + "their mean in each frame" + (prediction == nil ? "" : " with the model's prediction (blue)") + "."
        + (shown < results.cells.count ? " The first \(shown) of \(results.cells.count) cells." : "")
        + (frames < repeats.frames ? " The first \(frames) of \(repeats.frames) frames." : ""), plot: plot)
  }

  /// Frames and rates in Hz.
  private func predicted(_ cell: Int, frames: Int) -> ([Int], [Double])? {
    guard let prediction, let column = prediction.cells.firstIndex(of: results.cells[cell]) else {
      return nil
    }
    let rows = prediction.frames.indices.prefix { prediction.frames[$0] < frames }
    return (rows.map { prediction.frames[$0] }, rows.map { prediction.rates[$0, column] })
  }
}

/// Responses to repeats as spikes in a frame or as rates, which recordings do not say.
enum Responses {
  case counts, rates

  /// Whole numbers from one on are spikes in a frame.
  init(_ rasters: [[[Double]]]) {
    let values = rasters.joined().joined().lazy.filter { $0 > 0 }
    self = values.allSatisfy { $0 == $0.rounded() } && values.contains(1) ? .counts : .rates
  }

  var drawn: String { self == .counts ? "a stroke for every frame with a spike" : "dark: strong" }

  /// What a mean over repeats is measured in.
  func name(frameRate: Double?) -> String {
    self == .rates ? "as recorded" : frameRate == nil ? "spikes / frame" : "Hz"
  }

  /// The mean over repeats: of spikes in Hz where the frame rate is known.
  func mean(_ raster: [[Double]], frameRate: Double?) -> [Double] {
    guard let first = raster.first else { return [] }
    let factor = (self == .counts ? frameRate ?? 1 : 1) / Double(raster.count)
    return first.indices.map { frame in raster.reduce(0) { $0 + $1[frame] } * factor }
  }
}

extension Plot {
  /// Responses `[repeat][frame]`, the first repeat on top.
  mutating func addRaster(_ raster: [[Double]], times: [Double], frame: Frame) {
    let count = Double(raster.count)
    var panel = Panel(frame: frame)
    panel.x = Axis(range: (times.first ?? 0)...(times.last ?? 1), ticks: .none)
    panel.y = Axis(
      range: 0.5...count + 0.5, ticks: .at([(1, "1"), (count, number(count))]), isReversed: true)
    if Responses([raster]) == .counts {
      var (x, y): ([Double], [Double]) = ([], [])
      for (row, values) in raster.enumerated() {
        for (time, value) in zip(times, values) where value > 0 {
          (x, y) = (x + [time], y + [Double(row + 1)])
        }
      }
      panel.layers = [.ticks(x, y, height: 0.8, colour: Colours.ink)]
    } else {
      let step = times.count > 1 ? (times[times.count - 1] - times[0]) / Double(times.count - 1) : 1
      panel.colours = .greys(0...(raster.joined().max() ?? 1))
      panel.layers = [.image(raster, x0: times.first ?? 0, dx: step, y0: 1)]
    }
    add(panel)
  }
}
