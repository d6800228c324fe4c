/// A time in whole seconds, as HTTP writes it (RFC 9110 section 5.6.7).
struct HTTPDate: Equatable, Comparable {
  /// Seconds since 1970-01-01T00:00:00Z.
  let seconds: Int64

  init(seconds: Int64) { self.seconds = seconds }

  static func < (one: HTTPDate, other: HTTPDate) -> Bool { one.seconds < other.seconds }

  private static let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let monthNames = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The preferred form, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
  var text: String {
    let day = Self.floorDivide(seconds, 86_400)
    let second = seconds - day * 86_400
    let (year, month, dayOfMonth) = Self.civil(day)
    let weekday = Self.dayNames[Int(Self.floorModulo(day + 4, 7))]
    let clock = [second / 3_600, second / 60 % 60, second % 60].map(Self.two)
    return "\(weekday), \(Self.two(dayOfMonth)) \(Self.monthNames[Int(month) - 1]) "
      + "\(Self.four(year)) \(clock.joined(separator: ":")) GMT"
  }

  /// Reads the preferred form and the two obsolete ones, which a recipient must still accept.
  ///
  /// - Parameter now: the present, by which a year of two digits is understood.
  init?(_ text: String, now: HTTPDate) {
    let words = text.split(whereSeparator: { " ,-".contains($0) }).map(String.init)
    let fields: (day: String, month: String, year: String, clock: String)
    if words.count == 6, words[5] == "GMT" {
      fields = (words[1], words[2], words[3], words[4])
    } else if words.count == 5 {
      fields = (words[2], words[1], words[4], words[3])
    } else {
      return nil
    }
    let clock = fields.clock.split(separator: ":", omittingEmptySubsequences: false)
      .compactMap { Self.number(String($0), digits: 2...2) }
    guard let month = Self.monthNames.firstIndex(of: fields.month),
      let day = Self.number(fields.day, digits: 1...2),
      let year = Self.year(fields.year, now: now),
      clock.count == 3, clock[0] < 24, clock[1] < 60, clock[2] <= 60
    else { return nil }
    let days = Self.days(year: year, month: Int64(month) + 1, day: day)
    guard Self.civil(days) == (year, Int64(month) + 1, day) else { return nil }
    seconds = days * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
  }

  // MARK: Parts

  private static func number(_ text: String, digits: ClosedRange<Int>) -> Int64? {
    guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
    else { return nil }
    return Int64(text)
  }

  /// A two-digit year more than 50 years ahead means the most recent past year with those digits.
  private static func year(_ text: String, now: HTTPDate) -> Int64? {
    if let year = number(text, digits: 4...4) { return year }
    guard let short = number(text, digits: 2...2) else { return nil }
    let present = civil(floorDivide(now.seconds, 86_400)).year
    let year = present - present % 100 + short
    return year > present + 50 ? year - 100 : year
  }

  private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

  private static func four(_ value: Int64) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  // MARK: The calendar, in years that begin in March so that the leap day comes last

  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * march + 2) / 5 + 1)
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    (value - floorModulo(value, divisor)) / divisor
  }

  private static func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
    let rest = value % divisor
    return rest < 0 ? rest + divisor : rest
  }
}
