import BSTKFormat
import Testing

@testable import BSTKModelFiles

@Suite("Export: the type in config.json")
struct ExportConfigurationTests {
  @Test(arguments: [
    (#"{"torch_dtype": "bfloat16"}"#, #"{"torch_dtype": "float16"}"#),
    (#"{ "a": 1, "dtype" :null , "b": [1]}"#, #"{ "a": 1, "dtype" :"float16" , "b": [1]}"#),
    (
      #"{"dtype":"float32","torch_dtype":"float32"}"#,
      #"{"dtype":"float16","torch_dtype":"float16"}"#
    ),
    (
      #"{"x": {"dtype": "float32"}, "y": ["dtype", ":"], "z": "\"dtype\":"}"#,
      "{\n  \"torch_dtype\": \"float16\",\"x\": {\"dtype\": \"float32\"}, \"y\": [\"dtype\", \":\"], "
        + #""z": "\"dtype\":"}"#
    ),
    ("{}\n", "{\n  \"torch_dtype\": \"float16\"\n}\n"),
    (" {\n}", " {\n  \"torch_dtype\": \"float16\"\n\n}"),
  ])
  func `is changed and nothing else`(_ before: String, _ after: String) throws {
    var text = ConfigurationText(Array(before.utf8))
    try text.setElementType(.f16)
    #expect(String(decoding: text.bytes, as: UTF8.self) == after)
  }

  @Test(arguments: ["", "[]", "null", "{", "}", #"{"a"#, #"{"a\"#, "{}}", #"["dtype"]"#])
  func `what is no object is refused`(_ text: String) {
    #expect {
      var text = ConfigurationText(Array(text.utf8))
      try text.setElementType(.f16)
    } throws: {
      ($0 as? BSTKError)?.code == .model
    }
  }
}
