# From schemas/nav/v1/*.proto: protobuf-c code, and our plugin's table of field sensitivities
# (schemas/plugin), which fails the build where a field has none.
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_C protoc-c REQUIRED)
find_path(PROTOBUF_INCLUDE google/protobuf/descriptor.proto REQUIRED)
