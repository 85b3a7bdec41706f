// Where a stored Accepted record has its commitment, so that it can be filled in after the record was
// encoded: the hashes of many are made side by side. See record.h.
#include "hub/ledger/record.h"

enum {
  COMMITMENT = 8,  // nav.v1.Accepted.commitment
  COMMITMENT_SIZE = 32,
  LENGTH_PREFIXED = 2,
};

struct walk {
  const uint8_t *at, *end;
};

// False: cut, or longer than any that we write.
static bool read_varint(struct walk *walk, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64 && walk->at < walk->end; shift += 7) {
    uint8_t byte = *walk->at++;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// Moves to the value of the field, and past its length; fields before it are numbers or have a length, as all
// of Record and Accepted. False: it is not there.
static bool enter(struct walk *walk, uint64_t field) {
  uint64_t tag = 0;
  uint64_t value = 0;
  while (walk->at < walk->end && read_varint(walk, &tag) && read_varint(walk, &value)) {
    bool has_length = (tag & 7) == LENGTH_PREFIXED;
    if (has_length && value > (uint64_t)(walk->end - walk->at)) return false;
    if (has_length && tag >> 3 == field) {
      walk->end = walk->at + value;
      return true;
    }
    if (has_length) walk->at += value;
  }
  return false;
}

size_t record_commitment_at(const uint8_t *record, size_t length) {
  struct walk walk = {record, record + length};
  bool found = enter(&walk, NAV__V1__RECORD__RECORD_ACCEPTED) && enter(&walk, COMMITMENT) &&
               walk.end - walk.at == COMMITMENT_SIZE;
  return found ? (size_t)(walk.at - record) : 0;
}
