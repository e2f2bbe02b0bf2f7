/// What an experimenter with a perfect electrode would find.
extension SimulatedRetina {
  /// The rate of a cell when a spot as wide as its receptive field has changed from grey by `level` grey
  /// levels for a number of frames, Hz.
  public func response(ofCell cell: Int, toSpotOf level: Float, framesSinceOnset: Int) -> Float {
    let grey = Float(circuit.calibration.stimulus.mean)
    let bright = spot(ofCell: cell).map { grey + level * $0 }
    let dark = [Float](repeating: grey, count: bright.count)
    let frames = (0..<options.history).flatMap { $0 >= options.history - framesSinceOnset ? bright : dark }
    return circuit.rates(frames: frames, responses: 1)[cell]
  }

  /// How a cell's rate changes, on average over the training movie, when a spot as wide as its receptive field is
  /// brighter by `level` grey levels for one frame: entry n − 1 for n frames before the response, Hz.
  ///
  /// For a small level this is the cell's first-order kernel, to which the spike-triggered average of white noise is
  /// proportional.
  public func answersToFlash(ofCell cell: Int, level: Float) -> [Double] {
    let (history, spot) = (options.history, spot(ofCell: cell))
    let movie = trainingMovie
    var sums = [Double](repeating: 0, count: history)
    // One flash in every history: each response sees exactly one.
    let flashes = min(movie.frameCount, 6000) / history - 1
    let responses = flashes * history
    let plain = movie.frames(0..<responses + history - 1).elements
    var flashed = plain
    for flash in 0...flashes where flash * history < responses + history - 1 {
      for (pixel, weight) in spot.enumerated() {
        flashed[flash * history * spot.count + pixel] += level * weight
      }
    }
    let (before, after) = (
      circuit.rates(frames: plain, responses: responses), circuit.rates(frames: flashed, responses: responses)
    )
    for response in 0..<responses {
      // Response r sees frames r ..< r + history; the flash among them is n frames before frame r + history.
      let age = response.isMultiple(of: history) ? history : response % history
      let place = response * options.cells + cell
      sums[age - 1] += Double(after[place] - before[place])
    }
    return sums.map { $0 / Double(flashes) }
  }

  /// 1 within a cell's receptive field and 0 elsewhere, `[y, x]`.
  private func spot(ofCell cell: Int) -> [Float] {
    let radius = Double(circuit.kernels.first) / 4 + circuit.wiring[cell].sigma
    let place = places[cell]
    return (0..<options.height * options.width).map { pixel in
      let (y, x) = (Double(pixel / options.width) - place.y, Double(pixel % options.width) - place.x)
      return y * y + x * x <= radius * radius ? 1 : 0
    }
  }
}
