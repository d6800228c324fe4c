#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

extension Double {
  static func log(_ value: Double) -> Double {
    #if canImport(Darwin)
      Darwin.log(value)
    #else
      Glibc.log(value)
    #endif
  }

  static func cos(_ value: Double) -> Double {
    #if canImport(Darwin)
      Darwin.cos(value)
    #else
      Glibc.cos(value)
    #endif
  }
}
