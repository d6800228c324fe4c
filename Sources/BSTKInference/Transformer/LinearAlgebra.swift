package import BSTKFormat
internal import BSTKNumerics

/// What every calculation with a model needs to begin.
package enum LinearAlgebra {
  /// Loads OpenBLAS when nobody has yet.
  ///
  /// - Throws: `NUMERICS` where it is not installed.
  package static func load() throws(BSTKError) {
    do throws(NumericsError) { try BLAS.load() } catch {
      throw BSTKError(
        .numerics, error.description,
        remedy: "install it: apt-get install libopenblas0, or brew install openblas")
    }
  }
}
