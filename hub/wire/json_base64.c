// Bytes in JSON answers that are too many for hexadecimal. See json.h.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hub/wire/json.h"

json_t *wire_json_base64(const uint8_t *bytes, size_t length) {
  size_t size = sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL);
  char *text = malloc(size);
  if (text == NULL) return NULL;
  (void)sodium_bin2base64(text, size, bytes, length, sodium_base64_VARIANT_ORIGINAL);
  json_t *json = json_string(text);
  free(text);
  return json;
}

uint8_t *wire_json_from_base64(const char *text, size_t *length) {
  size_t size = strlen(text) / 4 * 3 + 3;
  uint8_t *bytes = malloc(size);
  *length = 0;
  if (bytes != NULL && sodium_base642bin(bytes, size, text, strlen(text), NULL, length, NULL,
                                         sodium_base64_VARIANT_ORIGINAL) == 0)
    return bytes;
  free(bytes);
  return NULL;
}
