import Numerics

extension Plot {
  /// A receptive field: its spatial map and, to the right, its time course.
  /// - Parameters:
  ///   - limit: the colour scale's.
  ///   - interval: milliseconds between lags; nil counts frames.
  mutating func addField(
    _ field: ReceptiveFieldSeries.Field, x: Double, y: Double, size: Double, title: String, limit: Double,
    interval: Double?, isLabelled: Bool
  ) {
    let (height, width) = (Double(field.spatial.count), Double(field.spatial.first?.count ?? 1))
    let scale = size / max(height, width)
    // A movie of bars has one row of pixels, which must be seen all the same.
    let mapHeight = max(height * scale, 0.2 * size)
    var map = Panel(frame: Frame(x, y, width * scale, mapHeight))
    map.title = title
    map.border = 15
    map.x = Axis(range: -0.5...width - 0.5, ticks: .none)
    map.y = Axis(range: -0.5...height - 0.5, ticks: .none, isReversed: true)
    map.colours = .diverging(limit: limit)
    map.layers = [.image(field.spatial)]
    add(map)
    let lags = field.temporal.count
    let step = interval ?? 1
    let before = (0..<lags).map { -Double(lags - $0) * step }
    let peak = field.temporal.map(abs).max() ?? 0
    var kernel = Panel(
      frame: Frame(x + width * scale + 12, y + 4, size * 0.75, max(mapHeight - 8, 0.5 * size)))
    kernel.border = isLabelled ? 1 : 0
    let places = [before[0], before[0] / 2, 0].map { ($0, tick($0)) }
    kernel.x = Axis(
      label: isLabelled ? (interval == nil ? "frames before" : "ms before response") : "",
      range: before[0]...0, ticks: isLabelled ? .at(places) : .none)
    kernel.y = Axis(range: -1.05...1.05, ticks: .none)
    kernel.layers = [
      .horizontal(0, colour: Colours.faint, dash: 3, width: 0.6),
      .line(before, field.temporal.map { $0 / (peak > 0 ? peak : 1) }, colour: Colours.ink, width: 1.3),
    ]
    add(kernel)
  }

  private func tick(_ value: Double) -> String { number(value.rounded()).replacing("-", with: "−") }
}
