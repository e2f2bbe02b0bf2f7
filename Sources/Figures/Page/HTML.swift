import Foundation

/// Text made safe for a page.
func escaped(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    .replacing("\"", with: "&quot;")
}

/// A table of texts.
func table(_ header: [String], _ rows: [[String]]) -> String {
  let head = header.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
  let body = rows.map { "<tr>" + $0.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>" }.joined(
    separator: "\n")
  return
    "<div class=\"scroll\"><table><thead><tr>\(head)</tr></thead><tbody>\n\(body)\n</tbody></table></div>"
}

/// One number with its meaning.
func card(_ value: String, _ meaning: String) -> String {
  "<div class=\"card\"><b>\(escaped(value))</b><span>\(escaped(meaning))</span></div>"
}

/// What to beware of, or that there is nothing.
func warningBox(_ warnings: [String], fine: String) -> String {
  guard !warnings.isEmpty else { return "<p class=\"good\">\(escaped(fine))</p>" }
  let items = warnings.map { "<li>\(escaped($0))</li>" }.joined()
  return "<div class=\"warnings\" role=\"note\"><b>Before trusting these results</b><ul>\(items)</ul></div>"
}

/// 2nd, 3rd, 4th, …, 21st.
func ordinal(_ number: Int) -> String {
  let endings = [1: "st", 2: "nd", 3: "rd"]
  return "\(number)" + ((11...13).contains(number % 100) ? "th" : endings[number % 10] ?? "th")
}
