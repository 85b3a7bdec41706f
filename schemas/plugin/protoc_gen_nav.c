// protoc plugin: turns (nav.v1.sensitivity) of every field, and the short names of every enum, into C tables,
// because protobuf-c cannot read options at run time. Also refuses schemas that break the house rules: a
// field without a class, required fields, groups, defaults, recursive types, enums whose first value is not
// …_UNSPECIFIED. Called by: the build (schemas/CMakeLists.txt), through protoc. Must never: guess a class, or
// write half a file: on any fault protoc gets the error and no output.
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/compiler/plugin.pb-c.h"

typedef Google__Protobuf__Compiler__CodeGeneratorRequest Request;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse Response;
typedef Google__Protobuf__FileDescriptorProto File;
typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__FieldDescriptorProto Field;
typedef Google__Protobuf__EnumDescriptorProto Enum;

enum {
  REQUEST_MAX = 64 * 1024 * 1024,
  OPTION_SENSITIVITY = 50001,
  OPTION_CARRIES_NO_CONTENT = 50002,
  SENSITIVITY_MAX = 8,
  NESTING_MAX = 16,
  NAME_SIZE = 512,
};

// What a run builds: three texts, and the first faults, one a line.
struct output {
  const Request *request;
  FILE *head;   // the class arrays
  FILE *table;  // nav_sensitivities
  FILE *enums;  // the name arrays
  FILE *names;  // nav_enum_names
  FILE *faults;
  unsigned fault_count;
};

static void fault(struct output *out, const File *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fault(struct output *out, const File *file, const char *format, ...) {
  (void)fprintf(out->faults, "%s%s: ", out->fault_count == 0 ? "" : "\n", file->name);
  va_list args;
  va_start(args, format);
  (void)vfprintf(out->faults, format, args);
  va_end(args);
  out->fault_count++;
}

// The varint option `tag` among the unknown fields of an options message; false: absent or not a varint.
static bool option_varint(const ProtobufCMessage *options, uint32_t tag, uint64_t *value) {
  if (options == NULL) return false;
  for (unsigned i = 0; i < options->n_unknown_fields; i++) {
    const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
    if (field->tag != tag || field->wire_type != PROTOBUF_C_WIRE_TYPE_VARINT) continue;
    uint64_t number = 0;
    for (size_t b = 0; b < field->len && b < 10; b++) number |= (uint64_t)(field->data[b] & 0x7f) << (7 * b);
    *value = number;
    return true;
  }
  return false;
}

// The C name that protoc-c gives ".nav.v1.ConcernReport": "nav__v1__concern_report".
static const char *c_name(char out[NAME_SIZE], const char *full_name) {
  size_t n = 0;
  bool was_upper = true;
  for (const char *p = full_name; *p != '\0' && n + 3 < NAME_SIZE; p++) {
    if (*p == '.') {
      out[n++] = '_';
      out[n++] = '_';
      was_upper = true;
      continue;
    }
    bool upper = *p >= 'A' && *p <= 'Z';
    if (upper && !was_upper) out[n++] = '_';
    out[n++] = (char)(upper ? *p - 'A' + 'a' : *p);
    was_upper = upper;
  }
  out[n] = '\0';
  return out;
}

static int by_number(const void *a, const void *b) {
  const Field *const *left = a;
  const Field *const *right = b;
  return (*left)->number < (*right)->number ? -1 : (*left)->number > (*right)->number;
}

static void check_field(struct output *out, const File *file, const char *message, const Field *field) {
  if (field->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED) {
    fault(out, file, "%s.%s is required; make it optional", message, field->name);
  }
  if (field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP) {
    fault(out, file, "%s.%s is a group; make it a message", message, field->name);
  }
  if (field->default_value != NULL) {
    fault(out, file, "%s.%s has a default; absent must stay absent", message, field->name);
  }
}

// The class of a field, or 0 and a fault.
static unsigned field_class(struct output *out, const File *file, const char *message, const Field *field) {
  uint64_t class = 0;
  const ProtobufCMessage *options = field->options == NULL ? NULL : &field->options->base;
  if (!option_varint(options, OPTION_SENSITIVITY, &class) || class == 0) {
    fault(out, file, "%s.%s has no sensitivity; add [(sensitivity) = SENSITIVITY_…]", message, field->name);
    return 0;
  }
  if (class > SENSITIVITY_MAX) {
    fault(out, file, "%s.%s has the unknown sensitivity %" PRIu64, message, field->name, class);
    return 0;
  }
  return (unsigned)class;
}

static bool carries_no_content(const File *file) {
  uint64_t value = 0;
  const ProtobufCMessage *options = file->options == NULL ? NULL : &file->options->base;
  return option_varint(options, OPTION_CARRIES_NO_CONTENT, &value) && value == 1;
}

static void write_message_tables(struct output *out, const File *file, const Message *message,
                                 const char *full_name) {
  char name[NAME_SIZE];
  (void)c_name(name, full_name);
  for (size_t i = 0; i < message->n_field; i++) check_field(out, file, full_name, message->field[i]);
  if (carries_no_content(file) || message->n_field == 0) {
    (void)fprintf(out->table, "    {&%s__descriptor, NULL},\n", name);
    return;
  }
  qsort(message->field, message->n_field, sizeof *message->field, by_number);
  (void)fprintf(out->head, "static const uint8_t %s__classes[] = {\n", name);
  for (size_t i = 0; i < message->n_field; i++) {
    const Field *field = message->field[i];
    (void)fprintf(out->head, "    %u,  // %d %s\n", field_class(out, file, full_name, field), field->number,
                  field->name);
  }
  (void)fprintf(out->head, "};\n\n");
  (void)fprintf(out->table, "    {&%s__descriptor, %s__classes},\n", name, name);
}

// The values in the order of protobuf-c's descriptor: by number.
static int by_value(const void *a, const void *b) {
  const Google__Protobuf__EnumValueDescriptorProto *const *left = a;
  const Google__Protobuf__EnumValueDescriptorProto *const *right = b;
  return (*left)->number < (*right)->number ? -1 : (*left)->number > (*right)->number;
}

static void write_enum_names(struct output *out, const File *file, const Enum *e, const char *full_name) {
  static const char unspecified[] = "UNSPECIFIED";
  const char *first = e->value[0]->name;
  size_t length = strlen(first);
  size_t tail = sizeof unspecified - 1;
  if (e->value[0]->number != 0 || length <= tail || strcmp(first + length - tail, unspecified) != 0) {
    fault(out, file, "%s: the first value must be …_UNSPECIFIED = 0", full_name);
    return;
  }
  char name[NAME_SIZE];
  (void)c_name(name, full_name);
  qsort(e->value, e->n_value, sizeof *e->value, by_value);
  (void)fprintf(out->enums, "static const char *const %s__names[] = {\n", name);
  for (size_t i = 0; i < e->n_value; i++) {
    const char *value = e->value[i]->name;
    if (strncmp(value, first, length - tail) != 0) {
      fault(out, file, "%s: %s does not begin as %s does", full_name, value, first);
      continue;
    }
    if (i > 0 && e->value[i]->number == e->value[i - 1]->number) {
      fault(out, file, "%s: %s has the number of another value", full_name, value);
    }
    (void)fprintf(out->enums, "    \"");
    for (const char *p = value + (length - tail); *p != '\0'; p++) {
      (void)fputc(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p, out->enums);
    }
    (void)fprintf(out->enums, "\",\n");
  }
  (void)fprintf(out->enums, "};\n\n");
  (void)fprintf(out->names, "    {&%s__descriptor, %s__names},\n", name, name);
}

// "scope.name"; false and a fault where it is too long.
static bool full_name_of(struct output *out, const File *file, char full_name[NAME_SIZE], const char *scope,
                         const char *name) {
  int length = snprintf(full_name, NAME_SIZE, "%s.%s", scope, name);
  if (length > 0 && length < NAME_SIZE) return true;
  fault(out, file, "%s has a name that is too long", name);
  return false;
}

static void visit_enum(struct output *out, const File *file, const Enum *e, const char *scope) {
  char full_name[NAME_SIZE];
  if (full_name_of(out, file, full_name, scope, e->name)) write_enum_names(out, file, e, full_name);
}

// The message among `list` that `rest` names: "Outer.Inner", or NULL.
static const Message *find_nested(Message *const *list, size_t count, const char *rest) {
  for (unsigned depth = 0; depth <= NESTING_MAX; depth++) {
    size_t length = strcspn(rest, ".");
    const Message *found = NULL;
    for (size_t i = 0; i < count && found == NULL; i++) {
      bool same = strncmp(list[i]->name, rest, length) == 0 && list[i]->name[length] == '\0';
      if (same) found = list[i];
    }
    if (found == NULL || rest[length] == '\0') return found;
    rest += length + 1;
    list = found->nested_type;
    count = found->n_nested_type;
  }
  return NULL;
}

// A message by its full name (".nav.v1.Place"); NULL: none, as with enums.
static const Message *find_message(const struct output *out, const char *full_name) {
  for (size_t f = 0; f < out->request->n_proto_file; f++) {
    const File *file = out->request->proto_file[f];
    const char *package = file->package != NULL ? file->package : "";
    size_t length = strlen(package);
    if (full_name[0] != '.' || strncmp(full_name + 1, package, length) != 0) continue;
    const char *rest = full_name + 1 + length;
    if (length > 0 && *rest++ != '.') continue;
    const Message *found = find_nested(file->message_type, file->n_message_type, rest);
    if (found != NULL) return found;
  }
  return NULL;
}

// Whether `target` can be reached from message by its fields within NESTING_MAX steps.
static bool reaches(const struct output *out, const Message *message, const Message *target, unsigned depth) {
  if (depth > NESTING_MAX) return false;
  for (size_t i = 0; i < message->n_field; i++) {
    if (message->field[i]->type_name == NULL) continue;
    const Message *next = find_message(out, message->field[i]->type_name);
    if (next != NULL && (next == target || reaches(out, next, target, depth + 1))) return true;
  }
  return false;
}

static void visit_message(struct output *out, const File *file, const Message *message, const char *scope,
                          unsigned depth) {
  char full_name[NAME_SIZE];
  if (!full_name_of(out, file, full_name, scope, message->name)) return;
  if (depth > NESTING_MAX) {
    fault(out, file, "%s is nested too deep", full_name);
    return;
  }
  if (reaches(out, message, message, 0)) {
    fault(out, file, "%s is recursive; recursive types are not allowed", full_name);
  }
  write_message_tables(out, file, message, full_name);
  for (size_t i = 0; i < message->n_enum_type; i++) visit_enum(out, file, message->enum_type[i], full_name);
  for (size_t i = 0; i < message->n_nested_type; i++) {
    visit_message(out, file, message->nested_type[i], full_name, depth + 1);
  }
}

static void visit_file(struct output *out, const File *file) {
  const char *package = file->package != NULL ? file->package : "";
  for (size_t i = 0; i < file->n_message_type; i++)
    visit_message(out, file, file->message_type[i], package, 0);
  for (size_t i = 0; i < file->n_enum_type; i++) visit_enum(out, file, file->enum_type[i], package);
}

static const File *find_file(const Request *request, const char *name) {
  for (size_t i = 0; i < request->n_proto_file; i++) {
    if (strcmp(request->proto_file[i]->name, name) == 0) return request->proto_file[i];
  }
  return NULL;
}

static void write_includes(const Request *request, FILE *text, const char *header) {
  (void)fprintf(text, "// Generated by schemas/plugin from schemas/nav/v1; do not edit.\n#include \"%s\"\n\n",
                header);
  for (size_t i = 0; i < request->n_file_to_generate; i++) {
    const char *name = request->file_to_generate[i];
    const char *dot = strrchr(name, '.');
    int stem = dot != NULL ? (int)(dot - name) : (int)strlen(name);
    (void)fprintf(text, "#include \"%.*s.pb-c.h\"\n", stem, name);
  }
  (void)fprintf(text, "\n");
}

// Reads all of standard input; NULL: too large, or no memory.
static uint8_t *read_request(size_t *length) {
  size_t capacity = 65536;
  uint8_t *data = malloc(capacity);
  *length = 0;
  while (data != NULL) {
    size_t got = fread(data + *length, 1, capacity - *length, stdin);
    if (got == 0) return data;
    *length += got;
    if (*length < capacity) continue;
    capacity *= 2;
    uint8_t *larger = capacity > REQUEST_MAX ? NULL : realloc(data, capacity);
    if (larger == NULL) free(data);
    data = larger;
  }
  return NULL;
}

static bool write_response(const Response *response) {
  size_t size = google__protobuf__compiler__code_generator_response__get_packed_size(response);
  uint8_t *bytes = malloc(size > 0 ? size : 1);
  if (bytes == NULL) return false;
  (void)google__protobuf__compiler__code_generator_response__pack(response, bytes);
  bool written = fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0;
  free(bytes);
  return written;
}

// A text under construction.
struct text {
  char *data;
  size_t length;
};

static FILE *open_text(struct text *text) {
  FILE *file = open_memstream(&text->data, &text->length);
  if (file == NULL) {
    (void)fprintf(stderr, "protoc-gen-nav: no memory\n");
    exit(1);
  }
  return file;
}

static char *join(const struct text *head, const char *between, const struct text *table, const char *end) {
  size_t size = head->length + strlen(between) + table->length + strlen(end) + 1;
  char *all = malloc(size);
  if (all != NULL) (void)snprintf(all, size, "%s%s%s%s", head->data, between, table->data, end);
  return all;
}

static bool respond(char *faults, char *sensitivity, char *names) {
  Response response = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
  Google__Protobuf__Compiler__CodeGeneratorResponse__File files[2] = {
      GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FILE__INIT,
      GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FILE__INIT};
  Google__Protobuf__Compiler__CodeGeneratorResponse__File *list[2] = {&files[0], &files[1]};
  char sensitivity_path[] = "nav/v1/sensitivity.c";
  char names_path[] = "nav/v1/enum_names.c";
  if (faults != NULL) {
    response.error = faults;
  } else {
    files[0].name = sensitivity_path;
    files[0].content = sensitivity;
    files[1].name = names_path;
    files[1].content = names;
    response.n_file = 2;
    response.file = list;
  }
  return write_response(&response);
}

static bool generate(const Request *request) {
  struct text head = {0};
  struct text table = {0};
  struct text enums = {0};
  struct text names = {0};
  struct text faults = {0};
  struct output out = {.request = request,
                       .head = open_text(&head),
                       .table = open_text(&table),
                       .enums = open_text(&enums),
                       .names = open_text(&names),
                       .faults = open_text(&faults)};
  write_includes(request, out.head, "schemas/sensitivity.h");
  write_includes(request, out.enums, "schemas/enum_names.h");
  for (size_t i = 0; i < request->n_file_to_generate; i++) {
    const File *file = find_file(request, request->file_to_generate[i]);
    if (file != NULL) visit_file(&out, file);
  }
  (void)fclose(out.head);
  (void)fclose(out.table);
  (void)fclose(out.enums);
  (void)fclose(out.names);
  (void)fclose(out.faults);
  char *sensitivity = join(&head, "const struct nav_sensitivity nav_sensitivities[] = {\n", &table,
                           "    {NULL, NULL},\n};\n");
  char *enum_names =
      join(&enums, "const struct nav_enum_names nav_enum_names[] = {\n", &names, "    {NULL, NULL},\n};\n");
  bool done = sensitivity != NULL && enum_names != NULL &&
              respond(out.fault_count > 0 ? faults.data : NULL, sensitivity, enum_names);
  free(sensitivity);
  free(enum_names);
  free(head.data);
  free(table.data);
  free(enums.data);
  free(names.data);
  free(faults.data);
  return done;
}

int main(void) {
  size_t length = 0;
  uint8_t *bytes = read_request(&length);
  Request *request =
      bytes == NULL ? NULL : google__protobuf__compiler__code_generator_request__unpack(NULL, length, bytes);
  if (request == NULL) {
    (void)fprintf(stderr, "protoc-gen-nav: standard input is not a CodeGeneratorRequest; run it by protoc\n");
    free(bytes);
    return 1;
  }
  bool done = generate(request);
  google__protobuf__compiler__code_generator_request__free_unpacked(request, NULL);
  free(bytes);
  if (!done) (void)fprintf(stderr, "protoc-gen-nav: no memory, or standard output is closed\n");
  return done ? 0 : 1;
}
