// See check.h. One pass over the bytes, one call a nested message; the path of a field is made only when it
// is refused. protobuf-c's own unpacking would be a second pass, and was more than half of what decoding
// took.
#include "hub/wire/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hub/wire/fill.h"
#include "hub/wire/message.h"
#include "hub/wire/utf8.h"
#include "nav/v1/session.pb-c.h"

enum {
  FIELDS_MAX = 256,
  WIRE_TYPE_GROUP_START = 3,
  WIRE_TYPE_GROUP_END = 4,
  FIELD_NUMBER_MAX = (1 << 29) - 1
};

// One message under way, innermost first.
struct level {
  const struct level *parent;
  const ProtobufCMessageDescriptor *descriptor;
  ProtobufCMessage *message;  // NULL: no memory
  const uint8_t *start;
  const uint8_t *field_start;             // of the field under way, its tag
  const ProtobufCFieldDescriptor *field;  // NULL: not known
  unsigned depth;
  uint64_t seen[FIELDS_MAX / 64];  // bit n: fields[n] has stood there
  bool oneof_seen;
};

struct check {
  const uint8_t *start;
  struct nav_error *err;
  struct wire_fill fill;
  unsigned elements;
  bool lenient;
};

enum varint { VARINT_OK, VARINT_CUT, VARINT_LARGE, VARINT_LONG };

// Reads up to ten bytes; *p moves past them.
static enum varint read_long_varint(const uint8_t **p, const uint8_t *end, uint64_t *value) {
  uint64_t number = 0;
  for (unsigned i = 0; i < 10; i++) {
    if (*p + i >= end) return VARINT_CUT;
    uint8_t byte = (*p)[i];
    if (i == 9 && byte > 1) return VARINT_LARGE;
    number |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      if (i > 0 && byte == 0) return VARINT_LONG;
      *p += i + 1;
      *value = number;
      return VARINT_OK;
    }
  }
  return VARINT_LARGE;
}

static inline enum varint read_varint(const uint8_t **p, const uint8_t *end, uint64_t *value) {
  if (*p < end && **p < 0x80) {
    *value = *(*p)++;
    return VARINT_OK;
  }
  return read_long_varint(p, end, value);
}

// Moves *p past one field's value that was already checked.
static void skip_checked(const uint8_t **p, const uint8_t *end, unsigned wire_type) {
  uint64_t value = 0;
  size_t left = (size_t)(end - *p);
  if (wire_type == PROTOBUF_C_WIRE_TYPE_64BIT) {
    *p += left < 8 ? left : 8;
  } else if (wire_type == PROTOBUF_C_WIRE_TYPE_32BIT) {
    *p += left < 4 ? left : 4;
  } else if (read_varint(p, end, &value) != VARINT_OK) {
    *p = end;
  } else if (wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
    left = (size_t)(end - *p);
    *p += value < left ? (size_t)value : left;
  }
}

// How many elements of the same repeated field stood before the one under way.
static unsigned index_of_element(const struct level *level) {
  const uint8_t *p = level->start;
  unsigned index = 0;
  while (p < level->field_start) {
    uint64_t tag = 0;
    if (read_varint(&p, level->field_start, &tag) != VARINT_OK) break;
    if (tag >> 3 == level->field->id) index++;
    skip_checked(&p, level->field_start, (unsigned)(tag & 7));
  }
  return index;
}

// "subjects.0.name".
static void write_path(const struct level *level, char *out, size_t size) {
  const struct level *chain[WIRE_DEPTH_MAX + 2];
  size_t count = 0;
  for (; level != NULL && count < sizeof chain / sizeof chain[0]; level = level->parent)
    chain[count++] = level;
  size_t used = 0;
  out[0] = '\0';
  while (count > 0) {
    const struct level *one = chain[--count];
    if (one->field == NULL) continue;
    int n = snprintf(out + used, size - used, "%s%s", used == 0 ? "" : ".", one->field->name);
    if (n > 0 && (size_t)n < size - used) used += (size_t)n;
    if (one->field->label != PROTOBUF_C_LABEL_REPEATED) continue;
    n = snprintf(out + used, size - used, ".%u", index_of_element(one));
    if (n > 0 && (size_t)n < size - used) used += (size_t)n;
  }
}

// Off the path of what is good: its texts must not be set up there.
static bool refuse(const struct check *check, const struct level *level, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold, noinline));

static bool refuse(const struct check *check, const struct level *level, int code, const char *format, ...) {
  char place[NAV_ERROR_PLACE_SIZE];
  write_path(level, place, sizeof place);
  size_t offset = (size_t)(level->field_start - check->start);
  if (place[0] == '\0') (void)snprintf(place, sizeof place, "byte %zu", offset);
  char text[NAV_ERROR_TEXT_SIZE];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return nav_fail(check->err, NAV_ERROR_PEER, code, place, "%.240s (at byte %zu)", text, offset);
}

static bool refuse_varint(const struct check *check, const struct level *level, enum varint why) {
  if (why == VARINT_LONG) {
    return refuse(check, level, NAV__V1__CODE__CODE_NOT_CANONICAL,
                  "has a number not written in its shortest form");
  }
  return refuse(
      check, level, NAV__V1__CODE__CODE_MALFORMED, "%s",
      why == VARINT_CUT ? "is cut short in the middle of a number" : "has a number of more than 64 bits");
}

static bool count_element(struct check *check, const struct level *level) {
  if (++check->elements <= WIRE_ELEMENTS_MAX) return true;
  return refuse(check, level, NAV__V1__CODE__CODE_TOO_MANY, "has more than %d fields and elements in all",
                WIRE_ELEMENTS_MAX);
}

// Takes a length and checks that so much is there. *p stands at the first byte after the length.
static inline bool read_length(const struct check *check, const struct level *level, const uint8_t **p,
                               const uint8_t *end, size_t *length) {
  uint64_t value = 0;
  enum varint result = read_varint(p, end, &value);
  if (result != VARINT_OK) return refuse_varint(check, level, result);
  if (value > (uint64_t)(end - *p)) {
    return refuse(check, level, NAV__V1__CODE__CODE_MALFORMED,
                  "is cut short: says %llu bytes where %zu are left", (unsigned long long)value,
                  (size_t)(end - *p));
  }
  *length = (size_t)value;
  return true;
}

static bool enum_known(const ProtobufCEnumDescriptor *descriptor, int32_t value) {
  if (descriptor->n_value_ranges == 1) {
    return value >= descriptor->values[0].value &&
           value <= descriptor->values[descriptor->n_values - 1].value;
  }
  return protobuf_c_enum_descriptor_get_value(descriptor, value) != NULL;
}

static bool fits_int32(uint64_t value) { return value <= INT32_MAX || value >= (uint64_t)(int64_t)INT32_MIN; }

static bool take_varint(struct check *check, const struct level *level, const uint8_t **p,
                        const uint8_t *end) {
  uint64_t value = 0;
  enum varint result = read_varint(p, end, &value);
  if (result != VARINT_OK) return refuse_varint(check, level, result);
  bool fits = true;
  switch (level->field->type) {
    case PROTOBUF_C_TYPE_BOOL:
      fits = value <= 1;
      break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
      fits = value <= UINT32_MAX;
      break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
      fits = fits_int32(value);
      break;
    default:
      break;
  }
  if (!fits) {
    return refuse(check, level, NAV__V1__CODE__CODE_BAD_VALUE,
                  "has a number that is out of its type's range");
  }
  if (level->field->type == PROTOBUF_C_TYPE_ENUM && !enum_known(level->field->descriptor, (int32_t)value)) {
    return refuse(check, level, NAV__V1__CODE__CODE_UNKNOWN_ENUM,
                  "has the value %d, which the schema does not know", (int32_t)value);
  }
  wire_fill_varint(wire_fill_slot(&check->fill, level->field, level->message), level->field->type, value);
  return true;
}

static bool take_fixed(struct check *check, const struct level *level, const uint8_t **p, const uint8_t *end,
                       size_t size) {
  if ((size_t)(end - *p) < size) {
    return refuse(check, level, NAV__V1__CODE__CODE_MALFORMED, "is cut short in the middle of a number");
  }
  bool finite = true;
  if (level->field->type == PROTOBUF_C_TYPE_DOUBLE) {
    double value = 0;
    memcpy(&value, *p, sizeof value);
    finite = isfinite(value);
  } else if (level->field->type == PROTOBUF_C_TYPE_FLOAT) {
    float value = 0;
    memcpy(&value, *p, sizeof value);
    finite = isfinite(value);
  }
  if (!finite) return refuse(check, level, NAV__V1__CODE__CODE_BAD_VALUE, "is not a finite number");
  wire_fill_fixed(wire_fill_slot(&check->fill, level->field, level->message), *p, size);
  *p += size;
  return true;
}

static unsigned wire_type_of(ProtobufCType type) {
  static const uint8_t wire_types[] = {
      [PROTOBUF_C_TYPE_INT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
      [PROTOBUF_C_TYPE_SINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
      [PROTOBUF_C_TYPE_SFIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
      [PROTOBUF_C_TYPE_INT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
      [PROTOBUF_C_TYPE_SINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
      [PROTOBUF_C_TYPE_SFIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
      [PROTOBUF_C_TYPE_UINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
      [PROTOBUF_C_TYPE_FIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
      [PROTOBUF_C_TYPE_UINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
      [PROTOBUF_C_TYPE_FIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
      [PROTOBUF_C_TYPE_FLOAT] = PROTOBUF_C_WIRE_TYPE_32BIT,
      [PROTOBUF_C_TYPE_DOUBLE] = PROTOBUF_C_WIRE_TYPE_64BIT,
      [PROTOBUF_C_TYPE_BOOL] = PROTOBUF_C_WIRE_TYPE_VARINT,
      [PROTOBUF_C_TYPE_ENUM] = PROTOBUF_C_WIRE_TYPE_VARINT,
      [PROTOBUF_C_TYPE_STRING] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
      [PROTOBUF_C_TYPE_BYTES] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
      [PROTOBUF_C_TYPE_MESSAGE] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
  };
  return wire_types[type];
}

static bool take_scalar(struct check *check, const struct level *level, const uint8_t **p, const uint8_t *end,
                        unsigned wire_type) {
  if (wire_type == PROTOBUF_C_WIRE_TYPE_VARINT) return take_varint(check, level, p, end);
  return take_fixed(check, level, p, end, wire_type == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4);
}

static bool take_packed(struct check *check, const struct level *level, const uint8_t **p, const uint8_t *end,
                        unsigned wire_type) {
  size_t length = 0;
  if (!read_length(check, level, p, end, &length)) return false;
  const uint8_t *stop = *p + length;
  while (*p < stop) {
    if (!count_element(check, level) || !take_scalar(check, level, p, stop, wire_type)) return false;
  }
  return true;
}

static bool take_message(struct check *check, const struct level *parent,
                         const ProtobufCMessageDescriptor *descriptor, void *slot, const uint8_t *bytes,
                         const uint8_t *end);

static bool take_block(struct check *check, const struct level *level, const uint8_t **p,
                       const uint8_t *end) {
  size_t length = 0;
  if (!read_length(check, level, p, end, &length)) return false;
  const uint8_t *block = *p;
  *p += length;
  const ProtobufCFieldDescriptor *field = level->field;
  if (field->type == PROTOBUF_C_TYPE_STRING && !wire_utf8_valid(block, length)) {
    return refuse(check, level, NAV__V1__CODE__CODE_BAD_UTF8, "is not UTF-8 text, or holds a NUL");
  }
  void *slot = wire_fill_slot(&check->fill, field, level->message);
  if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
    return take_message(check, level, field->descriptor, slot, block, *p);
  }
  if (field->type == PROTOBUF_C_TYPE_STRING) {
    wire_fill_text(&check->fill, slot, block, length);
  } else {
    wire_fill_bytes(&check->fill, slot, block, length);
  }
  return true;
}

static bool skip_unknown(struct check *check, const struct level *level, const uint8_t **p,
                         const uint8_t *end, uint64_t number, unsigned wire_type) {
  if (!check->lenient) {
    return refuse(check, level, NAV__V1__CODE__CODE_UNKNOWN_FIELD,
                  "has the field number %llu, which %s does not have", (unsigned long long)number,
                  level->descriptor->short_name);
  }
  uint64_t value = 0;
  size_t length = wire_type == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4;
  if (wire_type == PROTOBUF_C_WIRE_TYPE_VARINT) {
    enum varint result = read_varint(p, end, &value);
    return result == VARINT_OK || refuse_varint(check, level, result);
  }
  if (wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED && !read_length(check, level, p, end, &length))
    return false;
  if ((size_t)(end - *p) < length) {
    return refuse(check, level, NAV__V1__CODE__CODE_MALFORMED, "is cut short in the middle of a number");
  }
  *p += length;
  return true;
}

// A singular field stands once, and of a oneof one member.
static bool check_once(const struct check *check, struct level *level) {
  const ProtobufCFieldDescriptor *field = level->field;
  size_t index = (size_t)(field - level->descriptor->fields);
  uint64_t bit = (uint64_t)1 << (index % 64);
  if (level->seen[index / 64] & bit) {
    return refuse(check, level, NAV__V1__CODE__CODE_NOT_CANONICAL, "stands twice");
  }
  level->seen[index / 64] |= bit;
  if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)) return true;
  if (!level->oneof_seen) {
    level->oneof_seen = true;
    return true;
  }
  for (unsigned i = 0; i < level->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *other = &level->descriptor->fields[i];
    if (other == field || !(other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)) continue;
    if (other->quantifier_offset != field->quantifier_offset || !(level->seen[i / 64] >> (i % 64) & 1))
      continue;
    return refuse(check, level, NAV__V1__CODE__CODE_NOT_CANONICAL,
                  "stands beside %s, and only one of them may", other->name);
  }
  return true;
}

static bool take_field(struct check *check, struct level *level, const uint8_t **p, const uint8_t *end,
                       unsigned wire_type) {
  // Schemas may have none (schemas/plugin refuses them): that one is missing would not be seen here.
  NAV_ASSERT(level->field->label != PROTOBUF_C_LABEL_REQUIRED);
  bool repeated = level->field->label == PROTOBUF_C_LABEL_REPEATED;
  if (!repeated && !check_once(check, level)) return false;
  unsigned expected = wire_type_of(level->field->type);
  if (wire_type == expected) {
    if (expected == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) return take_block(check, level, p, end);
    return take_scalar(check, level, p, end, expected);
  }
  if (repeated && wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
    return take_packed(check, level, p, end, expected);
  }
  return refuse(check, level, NAV__V1__CODE__CODE_MALFORMED, "has wire type %u where %u is right", wire_type,
                expected);
}

// Fields mostly come in order: the same again (repeated), or one of the next. NULL: not known.
static inline const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                         const ProtobufCFieldDescriptor *last,
                                                         unsigned number) {
  const ProtobufCFieldDescriptor *field = last != NULL ? last : descriptor->fields;
  const ProtobufCFieldDescriptor *end = descriptor->fields + descriptor->n_fields;
  for (unsigned i = 0; i < 4 && field < end; i++, field++) {
    if (field->id == number) return field;
  }
  return protobuf_c_message_descriptor_get_field(descriptor, number);
}

// The tag at *p: its field in level->field (NULL: not known), its wire type.
static bool read_tag(struct check *check, struct level *level, const uint8_t **p, const uint8_t *end,
                     uint64_t *number, unsigned *wire_type) {
  const ProtobufCFieldDescriptor *last = level->field;
  level->field = NULL;
  level->field_start = *p;
  uint64_t tag = 0;
  enum varint result = read_varint(p, end, &tag);
  if (result != VARINT_OK) return refuse_varint(check, level, result);
  *number = tag >> 3;
  *wire_type = (unsigned)(tag & 7);
  if (*number == 0 || *number > FIELD_NUMBER_MAX) {
    return refuse(check, level, NAV__V1__CODE__CODE_MALFORMED, "has the impossible field number %llu",
                  (unsigned long long)*number);
  }
  if (*wire_type > PROTOBUF_C_WIRE_TYPE_32BIT || *wire_type == WIRE_TYPE_GROUP_START ||
      *wire_type == WIRE_TYPE_GROUP_END) {
    return refuse(check, level, NAV__V1__CODE__CODE_MALFORMED, "has the wire type %u, which is not used",
                  *wire_type);
  }
  level->field = find_field(level->descriptor, last, (unsigned)*number);
  return true;
}

// Into a new message, to which *slot then points; slot is NULL where there is no room for it.
static bool take_message(struct check *check, const struct level *parent,
                         const ProtobufCMessageDescriptor *descriptor, void *slot, const uint8_t *bytes,
                         const uint8_t *end) {
  NAV_ASSERT(descriptor->n_fields <= FIELDS_MAX);
  struct level level = {.parent = parent, .descriptor = descriptor, .start = bytes, .field_start = bytes};
  level.depth = parent == NULL ? 0 : parent->depth + 1;
  if (level.depth > WIRE_DEPTH_MAX) {
    return refuse(check, parent, NAV__V1__CODE__CODE_TOO_DEEP, "is nested deeper than %d messages",
                  WIRE_DEPTH_MAX);
  }
  if (slot != NULL) {
    level.message = wire_fill_message(&check->fill, descriptor);
    memcpy(slot, &level.message, sizeof level.message);
  }
  const uint8_t *p = bytes;
  while (p < end) {
    uint64_t number = 0;
    unsigned wire_type = 0;
    if (!read_tag(check, &level, &p, end, &number, &wire_type) || !count_element(check, &level)) return false;
    bool good = level.field == NULL ? skip_unknown(check, &level, &p, end, number, wire_type)
                                    : take_field(check, &level, &p, end, wire_type);
    if (!good) return false;
  }
  return true;
}

ProtobufCMessage *wire_check_and_fill(const ProtobufCMessageDescriptor *descriptor, struct nav_arena *arena,
                                      const uint8_t *bytes, size_t length, bool lenient,
                                      struct nav_error *err) {
  struct check check = {.start = bytes, .err = err, .lenient = lenient, .fill.arena = arena};
  ProtobufCMessage *message = NULL;
  const uint8_t *end = length == 0 ? bytes : bytes + length;
  if (!take_message(&check, NULL, descriptor, &message, bytes, end)) return NULL;
  if (!check.fill.exhausted) return message;
  (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "",
                 "%s of %zu bytes needs more memory than one message may take", descriptor->short_name,
                 length);
  return NULL;
}
