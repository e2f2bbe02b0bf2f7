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

  /// The time course with which the bipolar cells that drive a type filter brightness, oldest frame first: that of the
  /// spike-triggered average of white noise, for cells of one type alone (`spread` 0).
  public func timeCourse(of type: SimulatedCellType) -> [Double] {
    switch type {
    case .onSustained, .offSustained: circuit.temporal.sustained
    case .onTransient, .offTransient, .onOff: circuit.temporal.transient
    }
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
