/// Rows of text in aligned columns.
struct Table {
  /// A column's heading and the side its cells lean to.
  struct Column {
    let title: String
    let isRight: Bool

    /// A column of words.
    static func text(_ title: String) -> Column { Column(title: title, isRight: false) }
    /// A column of numbers, aligned at the right.
    static func number(_ title: String) -> Column { Column(title: title, isRight: true) }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row; missing cells stay empty.
  ///
  /// - Precondition: there are no more cells than columns.
  mutating func add(_ cells: [String]) {
    precondition(cells.count <= columns.count, "a row has more cells than the table has columns")
    rows.append(cells.map(\.printable) + Array(repeating: "", count: columns.count - cells.count))
  }

  /// The lines: headings, then rows, two spaces between columns and none at the end of a line.
  func lines(style: Style = .plain) -> [String] {
    let widths = columns.indices.map { index in
      rows.reduce(columns[index].title.displayWidth) { max($0, $1[index].displayWidth) }
    }
    let heading = line(columns.map(\.title), widths)
    return [style.bold(heading)] + rows.map { line($0, widths) }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var text = ""
    for (index, cell) in cells.enumerated() {
      let space = String(repeating: " ", count: widths[index] - cell.displayWidth)
      text += index == 0 ? "" : "  "
      text += columns[index].isRight ? space + cell : cell + space
    }
    while text.last == " " { text.removeLast() }
    return text
  }

  /// Prints the lines as data.
  func print() {
    for line in lines(style: Style(.output)) { Console.out(line) }
  }
}
