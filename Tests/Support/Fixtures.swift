import Foundation
import Runtime

/// Where tests find their data.
public enum Fixtures {
  /// `Tests/Fixtures` of this checkout.
  public static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures")
  }

  /// The path of a fixture, such as `retina/expected.h5`.
  public static func path(_ name: String) -> String { folder.appending(path: name).path }

  /// A fresh folder for one test's files; the caller need not remove it.
  public static func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "codec-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}

extension Fixtures {
  /// The path of a file of the data folder beside the checkout, such as `recordings/moving_bar.h5`; nil where
  /// it is absent, which a continuous-integration run may not be.
  public static func shared(_ name: String) -> String? {
    let checkout = folder.deletingLastPathComponent().deletingLastPathComponent()
    let path = checkout.deletingLastPathComponent().appending(path: "shared/\(name)").path
    if FileManager.default.fileExists(atPath: path) { return path }
    precondition(ProcessInfo.processInfo.environment["CI"] != "true", "\(path) is missing")
    print("\(name) is not beside this checkout: not tested")
    return nil
  }
}
