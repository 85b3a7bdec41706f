# `lint`: clang-format (no difference), clang-tidy, and our own mistake checks, over our own code.
find_program(CLANG_FORMAT clang-format)
find_program(CLANG_TIDY clang-tidy)
add_custom_target(lint
  COMMAND ${CMAKE_SOURCE_DIR}/tests/lint ${CMAKE_BINARY_DIR}
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  USES_TERMINAL)
add_dependencies(lint nav_generated)
