import Testing

@testable import BSTKFormat

@Suite struct NameRulesTests {
  private static func fault(_ name: String, isFile: Bool) -> String? {
    NameRules.fault(in: Array(name.utf8).span, isFile: isFile)
  }

  @Test(arguments: [
    "config.json", "model.layers.0.mlp.up_proj.weight", "a/b/c", "console", "con1", "com0.txt",
    "nulls.txt", "safetensors", "model.safetensors.txt", "x.y.z", "_-_",
    String(repeating: "a", count: 255),
  ])
  func namesOfFiles(_ name: String) {
    #expect(Self.fault(name, isFile: true) == nil)
    #expect(Self.fault(name, isFile: false) == nil)
  }

  @Test(arguments: [
    "", "/", "a/", "/a", "a//b", "a b", "a\\b", "C:", "a\n", "a\0", "é", "a*", "~", "$HOME",
    String(repeating: "a", count: 256),
  ])
  func namesOfNothing(_ name: String) {
    #expect(Self.fault(name, isFile: true) != nil)
    #expect(Self.fault(name, isFile: false) != nil)
  }

  @Test(arguments: [
    ".", "..", "../a", "a/..", "a/../b", "./a", ".hidden", "a/.b", "a.", "a./b", "con", "CON.txt",
    "a/Nul", "LPT9.tar.gz", "com1", "model.safetensors", ".safetensors", "a/M.SAFETENSORS",
    "model.safetensors.index.json",
  ])
  func namesOfTensorsOnly(_ name: String) {
    #expect(Self.fault(name, isFile: true) != nil)
    #expect(Self.fault(name, isFile: false) == nil)
  }

  @Test(arguments: [
    (["a", "b", "c"], false), (["a", "A"], true), (["a", "a/b"], true),
    (["A", "a.b", "a/b"], true),
    (["a-b", "a.b", "a/b"], false), (["ab", "abc"], false), (["x/Y/z", "x/y"], true), ([], false),
  ])
  func collisions(_ names: [String], collide: Bool) {
    #expect((NameRules.collision(among: names) != nil) == collide)
  }
}
