// Only pkg-config's flags are wanted of this target: the library's header is C++ and may be
// missing. CSentencePiece includes it where it is there.
