/// Short facts under one another: a label, then its value.
struct Facts {
  private var rows: [(label: String, value: String)] = []

  mutating func add(_ label: String, _ value: String) { rows.append((label, value)) }

  /// The lines, values aligned; a value of several lines keeps its indent.
  var lines: [String] {
    let width = rows.reduce(0) { max($0, $1.label.displayWidth) } + 2
    return rows.flatMap { label, value in
      value.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
        index, line in
        let start = index == 0 ? label : ""
        return start + String(repeating: " ", count: width - start.displayWidth)
          + String(line).printable
      }
    }
  }

  /// Prints the lines as data.
  func print() {
    for line in lines { Console.out(line) }
  }
}
