import Foundation

/// The terminal that standard error goes to.
public enum Terminal {
  /// Characters in a line; 80 where nobody can tell.
  public static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
