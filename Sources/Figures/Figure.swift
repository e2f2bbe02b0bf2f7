/// A figure ready to be drawn: what it shows, in words and as a plot.
public struct Figure: Sendable {
  /// Its file's name without the ending, such as `clusters-conv1`.
  public let name: String
  /// What it shows, as a headline.
  public let title: String
  /// What a stranger must know to read it; also says what was left out.
  public let caption: String
  /// The drawing.
  public let plot: Plot
}
