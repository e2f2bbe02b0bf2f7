import Foundation

extension Decomposition {
  /// What a reader should know before trusting the modes, in plain words; empty when nothing is wrong.
  public var remarks: [String] {
    if alive == 0 { return [noModeAlive] }
    var remarks: [String] = []
    if quality.r2 < 0.5 {
      remarks.append(
        String(
          format: "poor fit: R² %.2f; %d of %d modes are alive, %.1f on in a sample", quality.r2, alive,
          model.modes,
          meanActive)
          + (recipe.name == TrainingRecipe.standard.name ? "" : "; try the default recipe"))
    }
    if heldOutR2 < quality.r2 - 0.2 {
      remarks.append(
        String(
          format: "the modes describe held-out samples worse (R² %.2f) than all samples (%.2f): ", heldOutR2,
          quality.r2)
          + "\(loadings.shape[0]) samples are few for \(model.modes) modes, or those held out are unlike the others"
      )
    }
    if meanActive > 20 && meanActive > 0.2 * Double(alive) {
      remarks.append(
        String(
          format: "not sparse: %.1f of %d modes are on in a sample; raise the threshold", meanActive, alive))
    }
    return remarks
  }

  private var noModeAlive: String {
    String(
      format: "no mode is alive: no code reaches the threshold of %g (the largest is %.2f), ",
      model.threshold, largestCode)
      + "and below it the hard threshold passes no gradient, so \(steps) steps at a learning rate of "
      + String(format: "%g", recipe.learningRate) + " changed nothing; "
      + (recipe.initialisation == .uniform
        ? "the default recipe starts with modes alive" : "lower the threshold or raise the learning rate")
  }
}
