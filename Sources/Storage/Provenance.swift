import Foundation
import Runtime

/// Where a result comes from: what every result file says of itself in its root attributes.
public struct Provenance: Sendable, Equatable, Codable {
  /// A file that went into the result.
  public struct Input: Sendable, Equatable, Codable {
    /// The file's name without its folder.
    public let name: String
    /// Length in bytes.
    public let size: Int
    /// SHA-256 of its bytes, in hexadecimal.
    public let sha256: String

    /// Fingerprints a file.
    /// - Throws: `CodecError` of kind `fileSystem` where it cannot be read.
    /// - Complexity: reads the file once.
    public init(file path: String) throws {
      name = URL(filePath: path).lastPathComponent
      size = try ReadableFile(path).count
      sha256 = try FileDigest.sha256(ofFile: path)
    }

    /// Fingerprints files of a folder as one input: the digest is of their names and digests, in the order given.
    /// - Parameters:
    ///   - name: the folder's name.
    ///   - files: the name that counts and the path of each file.
    /// - Complexity: reads every file once.
    public init(name: String, files: [(name: String, path: String)]) throws {
      self.name = name
      size = try files.reduce(0) { $0 + (try ReadableFile($1.path).count) }
      let lines = try files.map { "\($0.name) \(try FileDigest.sha256(ofFile: $0.path))\n" }
      sha256 = try FileDigest.sha256(of: Array(lines.joined().utf8))
    }
  }

  /// What kind of result it is, such as `contributions`.
  public var schema: String
  /// Version of that kind's layout.
  public var schemaVersion: Int
  /// The command line, for readers.
  public var command: String
  /// The resolved options as a JSON object, its keys sorted.
  public var options: String
  /// The run's seed; nil where nothing is random.
  public var seed: UInt64?
  /// The program and its version.
  public var software: String
  /// The files that went in.
  public var inputs: [Input]
  /// When the run began, in ISO 8601.
  public var created: String

  /// - Parameters:
  ///   - options: all that decides the values, with defaults filled in; nothing that does not (threads, `--resume`).
  ///   - inputs: paths of the files that go in; their fingerprints are taken now.
  /// - Throws: `CodecError` of kind `fileSystem` where an input cannot be read.
  public init(
    schema: String, schemaVersion: Int, command: String, options: some Encodable, seed: UInt64?,
    software: String,
    inputs: [String]
  ) throws {
    try self.init(
      schema: schema, schemaVersion: schemaVersion, command: command, options: options, seed: seed,
      software: software, fingerprints: inputs.map(Input.init(file:)))
  }

  /// The same with inputs whose fingerprints are taken already.
  public init(
    schema: String, schemaVersion: Int, command: String, options: some Encodable, seed: UInt64?,
    software: String, fingerprints: [Input]
  ) throws {
    (self.schema, self.schemaVersion, self.command) = (schema, schemaVersion, command)
    (self.seed, self.software) = (seed, software)
    self.options = try JSONText.encode(options)
    self.inputs = fingerprints
    created = Date.now.formatted(.iso8601)
  }
}

extension Provenance {
  /// The first thing that makes another run's values differ from this one's, in words; nil where nothing does.
  public func firstDifference(from earlier: Provenance) -> String? {
    func words<Value: Equatable>(_ name: String, _ old: Value, _ new: Value) -> String? {
      old == new ? nil : "\(name) was \(old), now \(new)"
    }
    return words("the schema", earlier.schema, schema)
      ?? words("the schema's version", earlier.schemaVersion, schemaVersion)
      ?? words("the software", earlier.software, software)
      ?? optionDifference(from: earlier)
      ?? words("the seed", earlier.seed.map { "\($0)" } ?? "none", seed.map { "\($0)" } ?? "none")
      ?? inputDifference(from: earlier)
  }

  private func optionDifference(from earlier: Provenance) -> String? {
    guard earlier.options != options else { return nil }
    let old = (try? JSONValue(parsing: Data(earlier.options.utf8)))?.members ?? [:]
    let new = (try? JSONValue(parsing: Data(options.utf8)))?.members ?? [:]
    for name in Set(old.keys).union(new.keys).sorted() where old[name] != new[name] {
      return "option \(name) was \(old[name]?.words ?? "not set"), now \(new[name]?.words ?? "not set")"
    }
    return "the options were \(earlier.options), now \(options)"
  }

  private func inputDifference(from earlier: Provenance) -> String? {
    for (old, new) in zip(earlier.inputs, inputs) {
      if old.name != new.name { return "the input was \(old.name), now \(new.name)" }
      if old.sha256 != new.sha256 { return "the input \(new.name) has changed since" }
    }
    return earlier.inputs.count == inputs.count
      ? nil : "there were \(earlier.inputs.count) inputs, now \(inputs.count)"
  }
}

extension Provenance {
  /// The provenance of a result file.
  /// - Parameters:
  ///   - schema: the kind of result it must be; nil takes any.
  ///   - version: the newest layout the caller understands.
  /// - Throws: `CodecError` of kind `data` where the file is no result, of another kind, or newer.
  public init(of file: H5File, schema expected: String? = nil, version newest: Int? = nil) throws {
    let attributes = try file.attributes()
    guard let schema = attributes["schema"]?.asText, let version = attributes["schema_version"]?.asInteger
    else {
      throw CodecError(
        .data, "not a result file", at: file.path,
        remedy: "its root has no attributes schema and schema_version")
    }
    if let expected, expected != schema {
      throw CodecError(.data, "the file holds \(schema); \(expected) are expected", at: file.path)
    }
    if let newest, version > newest {
      throw CodecError(
        .data, "the file's layout is of version \(version); this program reads up to \(newest)",
        at: file.path,
        remedy: "use a newer program")
    }
    self.schema = schema
    schemaVersion = version
    command = attributes["command"]?.asText ?? ""
    options = attributes["options"]?.asText ?? "{}"
    seed = attributes["seed"].flatMap { $0.asInteger.map(UInt64.init(bitPattern:)) }
    software = attributes["software"]?.asText ?? ""
    created = attributes["created"]?.asText ?? ""
    inputs = (try? JSONText.decode([Input].self, attributes["inputs"]?.asText ?? "[]")) ?? []
  }

  /// Writes the root attributes.
  /// - Throws: `CodecError` of kind `fileSystem` where the disk refuses.
  public func write(to file: H5File) throws {
    try file.setAttribute("schema", to: .text(schema))
    try file.setAttribute("schema_version", to: .integer(schemaVersion))
    try file.setAttribute("command", to: .text(command))
    try file.setAttribute("options", to: .text(options))
    // HDF5's integers of 64 bits are read back as signed ones: seeds beyond 2⁶³ keep their bits.
    if let seed { try file.setAttribute("seed", to: .integer(Int(bitPattern: UInt(seed)))) }
    try file.setAttribute("software", to: .text(software))
    try file.setAttribute("inputs", to: .text(try JSONText.encode(inputs)))
    try file.setAttribute("created", to: .text(created))
  }
}

extension UInt64 {
  fileprivate init(bitPattern value: Int) { self = UInt64(UInt(bitPattern: value)) }
}

/// JSON with sorted keys, so that equal values give equal texts.
enum JSONText {
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
      throw CodecError(.bug, "an option has no JSON form", remedy: "\(error)")
    }
  }

  static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: Data(text.utf8))
  }
}
