// BSTKFormat: the `.bstk` container as bytes and numbers.
//
// A file is a header of 256 bytes, an index and chunks, in this order and nothing behind:
//
//     0        256                indexEnd          baseEnd                    storedByteCount
//     | header | index: 5 tables  | base chunks ... | stack chunks by worth ... |
//
// Header and index together are the manifest. The base holds everything a runnable model needs;
// every whole chunk behind it makes the model better, so each prefix that contains the base is a
// model of its own.
//
// This module parses, validates and writes manifests and plans what a budget buys. It is pure
// Swift: no Foundation, no C, no `unsafe`, and it never opens a file. Hashing and decompression
// are BSTKCodec's, files are BSTKStore's. The normative text is Spec/v1/spec.md.
