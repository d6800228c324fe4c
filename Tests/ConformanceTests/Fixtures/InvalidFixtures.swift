/// Files that every reader must reject, each with one defect and everything else, hashes included,
/// in order.
enum InvalidFixtures {
  static var all: [FixtureCase] {
    header + records + names + extensions + order + chunks + frames + blocks + planeRecords
      + planePayloads + parts
  }
}
