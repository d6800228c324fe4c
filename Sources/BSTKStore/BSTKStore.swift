// BSTKStore: `.bstk` files on disk.
//
// Reading goes through a ByteSource: a plain file read with pread, a memory-mapped one, or bytes in
// memory. A ModelFile joins a source with its manifest and reports what state the prefix is in.
//
// Writing never leaves a half-written file under its final name: new files are spooled, assembled
// in a temporary sibling, synced and renamed. Trimming and growing happen in place, because any
// length at or above the base is a valid file and bytes behind the last whole chunk are ignored.
