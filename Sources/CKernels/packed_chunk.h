// The integer product of one row with part of a chunk. Included once per vector width; the includer
// defines, and this file undefines at its end,
//   NAME(name)          the name with a suffix of its own,
//   VECTOR              an integer vector of VECTOR_BYTES bytes, a multiple of 16,
//   ZERO()              all zeros,
//   LOW8, HIGH8, LOW16, HIGH16, LOW32, HIGH32
//                       interleave units of 8, 16 or 32 bits of the low or high half of each 16 bytes,
//   TRANSPOSED(v)       in each 8 bytes: bit 7 - i of byte c becomes bit 7 - c of byte i,
//   FIELD(v, shift, mask)   v >> shift & mask, in bytes; `shift` is constant,
//   LOAD(from), STORE(to, v)   anywhere in memory,
//   SUMS                running sums of products, 4 neighbouring bytes each,
//   NO_SUMS(), ADD_DOT(sums, integers, inputs, count), TOTAL(sums, count)
//                       begin them, add those of `count`-bit integers with signed bytes in memory, and
//                       turn them into a VECTOR of 32-bit integers.

/// `rows` holds `count` (a constant after inlining) vectors of bits, `values` the inputs of their chunk,
/// from the first of the 16-byte lanes of each step on. Where `unpacked` is not null (a constant, too)
/// the integers are stored there, step after step, and nothing is added up.
TARGET INLINE VECTOR NAME(chunk)(const VECTOR *rows, size_t count, const int8_t *values,
                                 uint8_t *unpacked) {
  const size_t slots = count <= 2 ? count : count <= 4 ? 4 : 8, fields = 8 / slots;
  // The most significant slots are empty.
  VECTOR bits[8], groups[8];
  for (size_t k = 0; k < slots; k++)
    bits[k] = k + count < slots ? ZERO() : rows[k + count - slots];
  if (slots == 1) groups[0] = bits[0];
  if (slots == 2) {
    groups[0] = LOW8(bits[0], bits[1]);
    groups[1] = HIGH8(bits[0], bits[1]);
  }
  if (slots >= 4) {
    VECTOR fours[2][4];
    for (size_t half = 0; half < slots / 4; half++) {
      const VECTOR *four = bits + 4 * half;
      VECTOR low01 = LOW8(four[0], four[1]), high01 = HIGH8(four[0], four[1]);
      VECTOR low23 = LOW8(four[2], four[3]), high23 = HIGH8(four[2], four[3]);
      fours[half][0] = LOW16(low01, low23);
      fours[half][1] = HIGH16(low01, low23);
      fours[half][2] = LOW16(high01, high23);
      fours[half][3] = HIGH16(high01, high23);
    }
    for (size_t i = 0; i < 4; i++) {
      if (slots == 4) {
        groups[i] = fours[0][i];
      } else {
        groups[2 * i] = LOW32(fours[0][i], fours[1][i]);
        groups[2 * i + 1] = HIGH32(fours[0][i], fours[1][i]);
      }
    }
  }
  SUMS sums = NO_SUMS();
  for (size_t group = 0; group < slots; group++) {
    VECTOR turned = TRANSPOSED(groups[group]);
    for (size_t field = 0; field < fields; field++) {
      VECTOR integers = turned;
      if (slots < 8)
        integers = FIELD(turned, (int)(8 - slots * (field + 1)), (char)((1 << slots) - 1));
      const size_t step = (group * fields + field) * BSTK_STEP_COLUMNS;
      if (unpacked)
        STORE(unpacked + step, integers);
      else
        sums = ADD_DOT(sums, integers, values + step, count);
    }
  }
  return TOTAL(sums, count);
}

/// The products of unpacked integers of BLOCK_ROWS rows with the inputs of BLOCK_TOKENS tokens.
TARGET INLINE void NAME(block)(const uint8_t *const *rows, const int8_t *const *values, size_t count,
                               VECTOR totals[BLOCK_ROWS][BLOCK_TOKENS]) {
  (void)count;
  SUMS sums[BLOCK_ROWS][BLOCK_TOKENS];
  for (size_t row = 0; row < BLOCK_ROWS; row++)
    for (size_t token = 0; token < BLOCK_TOKENS; token++) sums[row][token] = NO_SUMS();
  for (size_t step = 0; step < BSTK_CHUNK_COLUMNS; step += BSTK_STEP_COLUMNS)
    for (size_t row = 0; row < BLOCK_ROWS; row++) {
      VECTOR integers = LOAD(rows[row] + step);
      for (size_t token = 0; token < BLOCK_TOKENS; token++)
        sums[row][token] = ADD_DOT(sums[row][token], integers, values[token] + step, count);
    }
  for (size_t row = 0; row < BLOCK_ROWS; row++)
    for (size_t token = 0; token < BLOCK_TOKENS; token++)
      totals[row][token] = TOTAL(sums[row][token], count);
}

#undef NAME
#undef VECTOR
#undef VECTOR_BYTES
#undef ZERO
#undef LOW8
#undef HIGH8
#undef LOW16
#undef HIGH16
#undef LOW32
#undef HIGH32
#undef TRANSPOSED
#undef LOAD
#undef STORE
#undef FIELD
#undef SUMS
#undef NO_SUMS
#undef ADD_DOT
#undef TOTAL
