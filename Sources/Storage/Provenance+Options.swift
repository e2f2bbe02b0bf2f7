import Runtime

extension Provenance {
  /// The resolved options as the value they were encoded from.
  /// - Parameters:
  ///   - place: the file, for messages.
  /// - Throws: `CodecError` of kind `data` where they are of another form.
  public func decodedOptions<Options: Decodable>(
    _ type: Options.Type = Options.self, at place: String? = nil
  ) throws -> Options {
    do { return try JSONText.decode(type, options) } catch {
      throw CodecError(
        .data, "the options in the file are not understood", at: place,
        remedy: "make the file anew with this program")
    }
  }
}
