import Networks
import Numerics
import Stimuli

extension ReceptiveFieldCentre {
  /// Where each cell's receptive field is: the centre of mass of its mean squared instantaneous field over a
  /// spread of frames, pixels below a quarter of the peak left out.
  ///
  /// The mean of squares, because the fields of cells that answer to both signs cancel in a plain mean.
  /// - Returns: one for each of the model's cells in its output's order; nil where a cell's rate depends on
  ///   nothing.
  public static func measure(
    model: LoadedModel, windows: WindowSeries, frames count: Int = 48, threads: Int = 1
  ) throws -> [ReceptiveFieldCentre?] {
    let receptiveFields = try InstantaneousReceptiveFields(model: model, windows: windows, threads: threads)
    let pixels = receptiveFields.frameSize.height * receptiveFields.frameSize.width
    var energy = [[Double]](
      repeating: Array(repeating: 0, count: pixels), count: receptiveFields.cells.count)
    let spread = spread(windows.sampleCount, count).map { windows.responseFrame(ofSample: $0) }
    try receptiveFields.forEachBlock(spread) { block in
      for (index, value) in block.fields.elements.enumerated() {
        let cell = index / (receptiveFields.history * pixels) % energy.count
        energy[cell][index % pixels] += Double(value) * Double(value)
      }
    }
    return energy.map { centre(of: $0, width: receptiveFields.frameSize.width) }
  }

  /// `count` of `total` indices, evenly spread.
  static func spread(_ total: Int, _ count: Int) -> [Int] {
    let count = min(total, count)
    return (0..<count).map { (2 * $0 + 1) * total / (2 * count) }
  }

  static func centre(of energy: [Double], width: Int) -> ReceptiveFieldCentre? {
    guard let peak = energy.max(), peak > 0 else { return nil }
    var (sum, y, x) = (0.0, 0.0, 0.0)
    for (pixel, value) in energy.enumerated() where value >= 0.25 * peak {
      sum += value
      y += value * Double(pixel / width)
      x += value * Double(pixel % width)
    }
    return ReceptiveFieldCentre(y: y / sum, x: x / sum)
  }
}
