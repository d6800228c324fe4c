extension PackedMatrix {
  /// The first plane as stored, which planes that are stored mirrored refer to; nil where the
  /// matrix has no planes.
  package var firstPlane: [UInt8]? {
    switch self {
    case .planes(let matrix): matrix.planes[0]
    case .signs, .halves: nil
    }
  }
}
