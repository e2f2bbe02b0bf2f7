import Foundation
import Networks
import Numerics

/// Each cell's drive, what its output nonlinearity turns into a rate, over the windows of a movie: its mean and spread.
///
/// A cell whose gain adapts to the movie fires by how far its drive stands out from the others of that movie. A network
/// does not adapt: it has the gain of the movie it was fitted to.
package struct Drive: Sendable {
  private let rates: [Float]
  private let scale: [Double]
  private let output: ConvolutionalStack.Output
  /// Mean over windows, of each cell.
  package private(set) var means: [Double] = []
  /// Standard deviation over windows, divisor n, of each cell.
  package private(set) var deviations: [Double] = []

  /// - Parameters:
  ///   - rates: `[window, cell]` in Hz.
  ///   - scale: what outputs were multiplied by to be rates, for each cell.
  package init(rates: [Float], scale: [Double], output: ConvolutionalStack.Output) {
    (self.rates, self.scale, self.output) = (rates, scale, output)
    for cell in scale.indices {
      let drive = drive(ofCell: cell)
      means.append(Statistics.mean(drive))
      deviations.append(Statistics.variance(drive, divisor: .n).squareRoot())
    }
  }

  /// A cell's mean rate in Hz, if its drive had the mean and spread that it has over another movie.
  /// - Returns: nil where the drive never changes.
  package func meanRate(ofCell cell: Int, adaptedTo other: Drive) -> Double? {
    guard deviations[cell] > 0 else { return nil }
    let gain = other.deviations[cell] / deviations[cell]
    let outputs = drive(ofCell: cell).map { drive in
      let adapted = other.means[cell] + gain * (drive - means[cell])
      switch output {
      case .softplus: return max(adapted, 0) + log1p(exp(-abs(adapted)))
      case .exponential: return exp(adapted)
      }
    }
    return scale[cell] * Statistics.mean(outputs)
  }

  /// What the output nonlinearity made rates of; rates that are 0 in single precision count as tiny ones.
  private func drive(ofCell cell: Int) -> [Double] {
    stride(from: cell, to: rates.count, by: scale.count).map { place in
      let value = max(Double(rates[place]) / scale[cell], 1e-12)
      switch output {
      case .softplus: return value > 30 ? value : log(expm1(value))
      case .exponential: return log(value)
      }
    }
  }
}
