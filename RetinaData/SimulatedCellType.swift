/// A type of ganglion cell the simulated retina knows.
///
/// A type is the second-layer pool that excites it and the wide-field pools that inhibit it.
public enum SimulatedCellType: String, Sendable, CaseIterable {
  /// Brightening, for as long as it lasts.
  case onSustained = "on-sustained"
  /// Darkening, at its onset.
  case offTransient = "off-transient"
  /// Change of either sign.
  case onOff = "on-off"
  /// Brightening, at its onset.
  case onTransient = "on-transient"
  /// Darkening, for as long as it lasts.
  case offSustained = "off-sustained"

  /// The number stored as `cell_type`.
  public var index: Int { Self.allCases.firstIndex(of: self)! }

  /// Weight of each pool of the second layer (`SimulatedPool`'s order) on the cell.
  var poolWeights: [Double] {
    switch self {
    case .onSustained: [1, 0, 0, 0, 0, 0, -0.45, -0.15]
    case .offTransient: [0, 0, 0, 1, 0, -0.35, 0, -0.4]
    case .onOff: [0, 0, 0, 0, 1, 0, 0, -0.5]
    case .onTransient: [0, 1, 0, 0, 0, 0, -0.35, -0.4]
    case .offSustained: [0, 0, 1, 0, 0, -0.45, 0, -0.15]
    }
  }
}

/// A channel of the first layer: a kind of bipolar cell with a rectified output.
struct SimulatedBipolar: Sendable {
  /// 1 answers to brightening, −1 to darkening.
  let sign: Double
  let isTransient: Bool
  /// 0 for the fine, 1 for the coarse receptive field.
  let scale: Int

  /// The eight channels: fine ON and OFF, transient and sustained, then coarse.
  static let all: [SimulatedBipolar] = (0...1).flatMap { scale in
    [1.0, -1.0].flatMap { sign in
      [true, false].map { SimulatedBipolar(sign: sign, isTransient: $0, scale: scale) }
    }
  }
}

/// A channel of the second layer: a rectified pool of bipolar cells, each type's subunits or a wide-field
/// amacrine cell.
struct SimulatedPool: Sendable {
  /// Weight of each first-layer channel (`SimulatedBipolar.all`'s order).
  let weights: [Double]
  /// Whether it pools over the whole kernel rather than a subunit's width.
  let isWide: Bool
  /// Threshold in standard deviations above the mean.
  let threshold: Double

  /// Subunits of the ON sustained, ON transient, OFF sustained, OFF transient and ON–OFF types; ON, OFF and
  /// change-driven wide-field inhibition.
  static let all: [SimulatedPool] = [
    //                        fine: ON t, ON s, OFF t, OFF s;    coarse
    SimulatedPool(weights: [0, 1, 0, -0.4, 0, 0.5, 0, 0], isWide: false, threshold: 0.3),
    SimulatedPool(weights: [1, 0, -0.4, 0, 0.5, 0, 0, 0], isWide: false, threshold: 0.3),
    SimulatedPool(weights: [0, -0.4, 0, 1, 0, 0, 0, 0.5], isWide: false, threshold: 0.3),
    SimulatedPool(weights: [-0.4, 0, 1, 0, 0, 0, 0.5, 0], isWide: false, threshold: 0.3),
    SimulatedPool(weights: [1, 0, 1, 0, 0, 0, 0, 0], isWide: false, threshold: 0.3),
    SimulatedPool(weights: [0, 0, 0, 0, 0.5, 1, 0, 0], isWide: true, threshold: 0),
    SimulatedPool(weights: [0, 0, 0, 0, 0, 0, 0.5, 1], isWide: true, threshold: 0),
    SimulatedPool(weights: [0.5, 0, 0.5, 0, 1, 0, 1, 0], isWide: true, threshold: 0),
  ]
}
