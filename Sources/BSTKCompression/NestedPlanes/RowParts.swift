internal import BSTKFormat
internal import BSTKInference
internal import BSTKModelFiles
internal import BSTKNumerics

/// Into which ranges of rows tensors are cut, each coded as a matrix of its own.
///
/// A plane of an embedding is a large part of a small model. In parts it can be bought in small
/// steps, and rows that come often get more planes than others: tokenizers number the tokens that
/// they join first, which are the frequent ones, before the rest.
struct RowParts {
  /// Parts into which an embedding or head is cut at most, unless the Spec's limits need more.
  private static let maximumCount = 16
  /// The bytes of a part's plane at least.
  private static let minimumPlaneByteCount = 8 << 10
  /// The same as a share of a plane of the whole model.
  private static let shareOfModel = 64
  /// Rows are cut at multiples of what is coded together.
  private static let rowStep = 128
  /// The first plane's chunk also holds vectors and outliers.
  private static let maximumElementCount = PlanePacking.maximumElements / 16 * 15

  private let planeByteCount: Int

  /// - Parameter tensors: All that are coded.
  init(_ tensors: [TensorDescription]) {
    let all = tensors.reduce(0) { $0 + Self.byteCount(ofPlaneOf: $1) }
    planeByteCount = max(all / Self.shareOfModel, Self.minimumPlaneByteCount)
  }

  /// The parts of a tensor, ascending.
  func parts(of tensor: TensorDescription) -> [Range<Int>] {
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    let most = max(Self.maximumElementCount / columns, 1)
    var size = min(rows, most)
    if tensor.name == Transformer.embeddingName || tensor.name == Transformer.untiedHeadName {
      let wanted = Self.byteCount(ofPlaneOf: tensor) / planeByteCount
      let count = max(min(wanted, Self.maximumCount), 1)
      let even = (rows + count - 1) / count
      size = min(size, (even + Self.rowStep - 1) / Self.rowStep * Self.rowStep)
    }
    return stride(from: 0, to: rows, by: size).map { $0..<min($0 + size, rows) }
  }

  private static func byteCount(ofPlaneOf tensor: TensorDescription) -> Int {
    tensor.shape[0] * ((tensor.shape[1] + 7) / 8)
  }
}
