import Modes
import Numerics
import Runtime
import Storage
import TestSupport

/// The stored autoencoder of `modes/expected.h5` and its data matrices.
enum FixtureData {
  static func file() throws -> H5File { try H5File(reading: Fixtures.path("modes/expected.h5")) }

  /// The retina fixture's contributions of one layer, [880, 16].
  static func contributions(_ layer: String) throws -> Tensor { try file().dataset("data/\(layer)").tensor() }

  /// The stored autoencoder, `signed` or `nonnegative`.
  static func autoencoder(_ name: String) throws -> SparseAutoencoder {
    let file = try file()
    let group = "forward/\(name)"
    var weights: [String: Tensor] = [:]
    for part in SparseAutoencoder.Part.allCases {
      weights[part.rawValue] = try file.dataset("\(group)/weights/\(part.rawValue)").tensor()
    }
    let threshold = try file.attribute("threshold", of: group)?.asNumber ?? .nan
    return try SparseAutoencoder(
      weights: weights, threshold: threshold,
      nonnegative: try file.attribute("nonnegative", of: group)?.asNumber == 1)
  }

  static func penalties(_ name: String) throws -> Penalties {
    let file = try file()
    return Penalties(
      dictionary: try file.attribute("l1_dictionary", of: "forward/\(name)")?.asNumber ?? .nan,
      codes: try file.attribute("l1_codes", of: "forward/\(name)")?.asNumber ?? .nan)
  }
}

/// The largest difference, as a share of the expected array's largest magnitude.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count, !found.contains(where: { !$0.isFinite }) else { return .infinity }
  let scale = expected.map(abs).max() ?? 0
  return (zip(found, expected).map { abs($0 - $1) }.max() ?? 0) / (scale > 0 ? scale : 1)
}

/// The error a closure throws, if it is ours.
func codecError(_ body: () throws -> Void) -> CodecError? {
  do { try body() } catch { return error as? CodecError }
  return nil
}
