import Foundation
import Testing

@testable import BSTKServer

@Suite("What is served, and what never is")
struct PathTests {
  let fixture: ServedFixture

  init() throws { fixture = try ServedFixture() }

  @Test(
    "RFC 9112 3.2: every way to name a served file",
    arguments: [
      "/data.bin", "/data.bin?x=1", "/%64ata.bin", "/d%61ta%2ebin", "http://localhost/data.bin",
      "HTTP://127.0.0.1:1/data.bin?",
    ])
  func served(_ target: String) throws {
    let response = try fixture.request("GET", target)
    #expect(response.status == 200 && response.body == ServedFixture.data)
  }

  @Test("RFC 3986 2.1: encoded names are decoded once")
  func decodedOnce() throws {
    #expect(try fixture.request("GET", "/sub/a%20b.txt").body == Array("spaced".utf8))
    #expect(try fixture.request("GET", "/sub/a%2520b.txt").status == 404)
  }

  @Test(
    "No spelling of a path leaves the folder",
    arguments: [
      ("/../secret.txt", 400), ("/sub/../../secret.txt", 400), ("/sub/../data.bin", 400),
      ("/%2e%2e/secret.txt", 400), ("/%2E./secret.txt", 400), ("/..%2fsecret.txt", 400),
      ("/..%5csecret.txt", 400), ("/..\\secret.txt", 400), ("/./data.bin", 400),
      ("//etc/passwd", 400), ("///etc/passwd", 400), ("/%2fetc/passwd", 400),
      ("/data.bin%00.txt", 400), ("/sub//a%20b.txt", 400), ("/%", 400), ("/%4", 400), ("/%zz", 400),
      ("/%c0%ae%c0%ae/secret.txt", 404), ("/.hidden", 404), ("/%2ehidden", 404), ("/.../x", 404),
      ("data.bin", 400), ("../secret.txt", 400), ("*", 400), ("file:///etc/passwd", 400),
      ("http://localhost/../secret.txt", 400), ("/data.bin/", 404), ("/data.bin/x", 404),
      ("/missing", 404), ("/Data.bin", 404), ("/" + String(repeating: "a", count: 300), 404),
    ])
  func refused(target: String, status: Int) throws {
    let response = try fixture.request("GET", target)
    #expect(response.status == status)
    #expect(!String(decoding: response.body, as: UTF8.self).contains("secret\n"))
    #expect(response["connection"] == "keep-alive")
  }

  @Test("Symbolic links are not followed, wherever they point and wherever they stand")
  func links() throws {
    let manager = FileManager.default
    let root = fixture.root
    let link = { (name: String, target: String) in
      try manager.createSymbolicLink(
        atPath: root.appending(path: name).path, withDestinationPath: target)
    }
    try link("out.txt", fixture.folder.appending(path: "secret.txt").path)
    try link("relative.txt", "../secret.txt")
    try link("up", "..")
    try link("inside.bin", "data.bin")
    for target in ["/out.txt", "/relative.txt", "/up/secret.txt", "/up/", "/inside.bin"] {
      #expect(try fixture.request("GET", target).status == 404, "\(target)")
    }
    let listing = String(decoding: try fixture.request("GET", "/").body, as: UTF8.self)
    #expect(listing.contains("data.bin") && !listing.contains("out.txt"))
  }

  @Test("A folder put in place of a served one by a link is not entered")
  func swapped() throws {
    let manager = FileManager.default
    let sub = fixture.root.appending(path: "sub")
    #expect(try fixture.request("GET", "/sub/a%20b.txt").status == 200)
    try manager.removeItem(at: sub)
    try manager.createSymbolicLink(at: sub, withDestinationURL: fixture.folder)
    #expect(try fixture.request("GET", "/sub/secret.txt").status == 404)
  }

  @Test("Only regular files: a fifo is not found, and does not hold the server up")
  func fifo() throws {
    let path = fixture.root.appending(path: "pipe").path
    // SAFETY: the string lives through the call.
    #expect(unsafe mkfifo(path, 0o600) == 0)
    #expect(try fixture.request("GET", "/pipe").status == 404)
  }

  @Test("A folder without its slash is redirected, and its page is escaped")
  func listing() throws {
    let name = "<b>&\"x': y"
    try Data("1234567".utf8).write(to: fixture.root.appending(path: "sub").appending(path: name))
    let redirect = try fixture.request("GET", "/sub")
    #expect(redirect.status == 301 && redirect["location"] == "/sub/")
    let response = try fixture.request("GET", "/sub/")
    let page = String(decoding: response.body, as: UTF8.self)
    #expect(response["content-type"] == "text/html; charset=utf-8")
    #expect(page.contains("&lt;b&gt;&amp;&quot;x&#39;: y</a></td><td>7</td>"))
    #expect(!page.contains("<b>"))
    let link = try #require(
      page.split(separator: "href=\"./").dropFirst().first { $0.contains("%3Cb") })
    let target = "/sub/" + link.prefix { $0 != "\"" }
    #expect(try fixture.request("GET", target).body == Array("1234567".utf8))
    #expect(try fixture.request("HEAD", "/sub/").status == 200)
  }

  @Test("Folders are not listed when that is switched off")
  func noListing() throws {
    let quiet = try ServedFixture(listsDirectories: false)
    #expect(try quiet.request("GET", "/").status == 403)
    #expect(try quiet.request("GET", "/data.bin").status == 200)
  }

  @Test("The folder stays the one that was opened, even when renamed")
  func renamed() throws {
    try FileManager.default.moveItem(
      at: fixture.root, to: fixture.folder.appending(path: "elsewhere"))
    #expect(try fixture.request("GET", "/data.bin").status == 200)
  }
}
