import CCrypto
import Foundation
import Runtime

/// Fingerprints of files.
public enum FileDigest {
  /// SHA-256 of a file's bytes, as 64 hexadecimal digits.
  /// - Throws: `CodecError` of kind `fileSystem` where the file cannot be read.
  /// - Complexity: reads the file once, a megabyte at a time.
  public static func sha256(ofFile path: String) throws -> String {
    let file = try ReadableFile(path)
    return try digest(at: path, count: file.count) { try file.bytes(at: $0.lowerBound, count: $0.count) }
  }

  /// SHA-256 of some bytes, as 64 hexadecimal digits.
  public static func sha256(of bytes: [UInt8]) throws -> String {
    try digest(at: "memory", count: bytes.count) { Array(bytes[$0]) }
  }

  private static func digest(at place: String, count: Int, _ read: (Range<Int>) throws -> [UInt8]) throws
    -> String
  {
    guard let context = EVP_MD_CTX_new() else { throw CodecError(.bug, "no memory for a digest") }
    defer { EVP_MD_CTX_free(context) }
    var isGood = EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    for start in stride(from: 0, to: count, by: 1 << 20) {
      let bytes = try read(start..<min(start + (1 << 20), count))
      isGood = isGood && EVP_DigestUpdate(context, bytes, bytes.count) == 1
    }
    var digest = [UInt8](repeating: 0, count: 32)
    isGood = isGood && EVP_DigestFinal_ex(context, &digest, nil) == 1
    guard isGood else { throw CodecError(.bug, "the SHA-256 digest failed", at: place) }
    return digest.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
