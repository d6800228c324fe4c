// BSTKCodec: from stored bytes to payloads and back.
//
// A chunk's stored bytes are hashed first (SHA-256, against the index) and decompressed second,
// into a buffer whose size the index implies. Nothing in the bytes sizes anything. Contexts are
// ~Copyable and reused from chunk to chunk; everything throws BSTKError and is typed.
