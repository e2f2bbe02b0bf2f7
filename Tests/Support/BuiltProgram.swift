import Foundation
import Runtime

extension Fixtures {
  /// A program that was built together with the running tests.
  /// - Throws: `CodecError` of kind `bug` where it is not beside them.
  public static func builtProgram(_ name: String) throws -> URL {
    let tests = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let candidates = sequence(first: tests) { $0.path == "/" ? nil : $0.deletingLastPathComponent() }
      .map { $0.appending(path: name) }
    guard let program = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) })
    else {
      throw CodecError(.bug, "\(name) is not beside the tests", at: tests.path)
    }
    return program
  }
}
