/// Colours a colour-blind reader can tell apart.
public enum Colours {
  /// Okabe and Ito (2008), without yellow, which is too light for lines; categories repeat past eight.
  public static let categories = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C564B", "#4D4D4D",
  ]
  /// A category's colour; grey for none (−1).
  public static func category(_ index: Int) -> String {
    index < 0 ? "#9A9A9A" : categories[index % categories.count]
  }

  static let ink = "#222222"
  static let faint = "#9A9A9A"
  /// What the model predicts and what was recorded.
  static let model = "#0072B2"
  static let recorded = "#9A9A9A"
  static let contributions = "#D55E00"
  static let excitation = "#B2182B"
  static let inhibition = "#2166AC"
  static let activations = "#0072B2"

  /// ColorBrewer's RdBu, blue for negative and red for positive, as gnuplot's palette from −1 to 1.
  static let diverging = """
    0 '#053061', 1 '#2166ac', 2 '#4393c3', 3 '#92c5de', 4 '#d1e5f0', 5 '#f7f7f7', \
    6 '#fddbc7', 7 '#f4a582', 8 '#d6604d', 9 '#b2182b', 10 '#67001f'
    """
  /// White to black, for amounts.
  static let sequential = "0 '#ffffff', 1 '#fee0b6', 2 '#f1a340', 3 '#b35806', 4 '#5a2a00'"
  static let greys = "0 '#ffffff', 1 '#000000'"
}
