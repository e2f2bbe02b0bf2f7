import Runtime

/// When the frames of a recording were shown.
struct Timeline {
  /// Seconds, ascending.
  let onsets: [Double]
  /// Continuous runs of frames.
  let runs: [Range<Int>]
  /// Seconds from one frame to the next.
  let interval: Double

  /// - Throws: `CodecError` of kind `data` naming the frame whose time is not finite or not after the one before.
  init(_ onsets: [Double], at place: String) throws {
    self.onsets = onsets
    // Checks them too.
    let usual = try FrameBins(onsets: onsets, at: place).interval
    interval = FrameClock.meanInterval(onsets, usual: usual)
    runs = FrameClock.runs(onsets)
  }

  /// What the reader should know of gaps.
  var remark: String? {
    guard runs.count > 1 else { return nil }
    return
      "\(runs.count - 1) gaps between frames (first before frame \(runs[1].lowerBound)); windows do not cross them"
  }

  /// The lengths of the continuous runs inside a range of frames.
  func segments(within range: Range<Int>) -> [Int] {
    runs.map { $0.clamped(to: range).count }.filter { $0 > 0 }
  }
}

/// Which frames train and which test.
struct SplitPlan {
  let train: [Range<Int>]
  /// Each showing of the test clip.
  let showings: [Range<Int>]
  let remarks: [String]

  init(_ test: RecordingParts.TestFrames, timeline: Timeline, at place: String) throws {
    let frames = timeline.onsets.count
    switch test {
    case .last(let share):
      guard share > 0, share <= 1 else {
        throw CodecError(.usage, "a test share of \(share)", remedy: "give a number above 0, up to 1")
      }
      let first = frames - max(1, Int((share * Double(frames)).rounded()))
      showings = [first..<frames]
      remarks = ["the last \(frames - first) of \(frames) frames are the test split"]
    case .frames(let range): (showings, remarks) = ([range], [])
    case .repeats(let starts, let length):
      (showings, remarks) = (starts.sorted().map { $0..<$0 + length }, [])
    }
    let isInside = showings.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= frames && !$0.isEmpty }
    let isApart = zip(showings, showings.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }
    guard isInside, isApart, !showings.isEmpty else {
      throw CodecError(
        .usage, "test frames \(showings.map { "\($0)" }.joined(separator: ", ")) of \(frames)", at: place,
        remedy: "choose frames inside the movie that do not overlap")
    }
    let bounds = [0] + showings.flatMap { [$0.lowerBound, $0.upperBound] } + [frames]
    train = stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]..<bounds[$0 + 1] }.filter {
      !$0.isEmpty
    }
  }
}
