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
    var map = Panel(frame: Frame(x, y, width * scale, height * scale))
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
    var kernel = Panel(frame: Frame(x + width * scale + 12, y + 4, size * 0.75, height * scale - 8))
    kernel.border = 0
    kernel.x = Axis(
      label: isLabelled ? (interval == nil ? "frames before" : "ms before response") : "",
      range: before[0]...0, ticks: isLabelled ? .at([(before[0], tick(before[0])), (0, "0")]) : .none)
    kernel.border = isLabelled ? 1 : 0
    kernel.y = Axis(range: -1...1, ticks: .none)
    kernel.layers = [
      .horizontal(0, colour: Colours.faint, dash: 3, width: 0.6),
      .line(before, field.temporal, colour: Colours.ink, width: 1.3),
    ]
    add(kernel)
  }

  private func tick(_ value: Double) -> String { number(value.rounded()).replacing("-", with: "−") }
}
