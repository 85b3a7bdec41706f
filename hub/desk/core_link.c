// See core_link.h.
#include "hub/desk/core_link.h"

#include <stdlib.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/wire/control.h"
#include "hub/wire/json.h"
#include "hub/wire/message.h"

// QUICK: of what waits for no commit.
enum { TIMEOUT_MS = 30000, QUICK_MS = 10000 };

static json_t *make_request(const char *kind, const void *message, json_t *contents) {
  json_t *request = wire_json_from_message(message);
  bool ok = request != NULL && json_object_set_new(request, "command", json_string("record")) == 0 &&
            json_object_set_new(request, "kind", json_string(kind)) == 0;
  if (ok && contents != NULL) ok = json_object_set(request, "contents", contents) == 0;
  if (!ok) {
    json_decref(request);
    request = NULL;
  }
  json_decref(contents);
  return request;
}

static bool take_answer(const json_t *answer, size_t wanted, uint64_t *seq, json_t **keys,
                        struct nav_error *err) {
  const json_t *number = json_object_get(answer, "seq");
  json_t *list = json_object_get(answer, "keys");
  if (!json_is_integer(number) || json_integer_value(number) <= 0) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "core",
                    "nav-core did not say under which number the reading stands");
  }
  if (keys != NULL && json_array_size(list) != wanted) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "nav-core gave %zu keys, %zu were asked for",
                    json_array_size(list), wanted);
  }
  *seq = (uint64_t)json_integer_value(number);
  if (keys != NULL) *keys = json_incref(list);
  return true;
}

bool core_link_record(const struct conf_nav *nav, const char *kind, const void *message, json_t *contents,
                      uint64_t *seq, json_t **keys, struct nav_error *err) {
  size_t wanted = json_array_size(contents);
  json_t *request = make_request(kind, message, contents);
  if (request == NULL)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "no memory, or a text that is not UTF-8");
  json_t *answer = control_call(nav->core_socket, request, TIMEOUT_MS, err);
  json_decref(request);
  if (answer == NULL) return false;
  bool ok = take_answer(answer, wanted, seq, keys, err);
  json_decref(answer);
  return ok;
}

bool core_link_person(const struct conf_nav *nav, const void *audit_read, const char *number, uint64_t *seq,
                      uint8_t token[CORE_LINK_TOKEN_SIZE], struct nav_error *err) {
  json_t *request = make_request("audit_read", audit_read, NULL);
  if (request == NULL || json_object_set_new(request, "about_number", json_string(number)) != 0) {
    json_decref(request);
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "no memory, or a text that is not UTF-8");
  }
  json_t *answer = control_call(nav->core_socket, request, TIMEOUT_MS, err);
  json_decref(request);
  if (answer == NULL) return false;
  const char *hex = json_string_value(json_object_get(answer, "token"));
  bool ok = take_answer(answer, 0, seq, NULL, err);
  if (ok && (hex == NULL || !nav_unhex(token, CORE_LINK_TOKEN_SIZE, hex)))
    ok = nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "nav-core gave no token of the person");
  json_decref(answer);
  return ok;
}

// Asks for one answer each of a list. request is taken over; *list: a new reference.
static bool ask_list(const struct conf_nav *nav, json_t *request, size_t wanted, const char *name,
                     json_t **list, struct nav_error *err) {
  if (request == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "no memory");
  json_t *answer = control_call(nav->core_socket, request, TIMEOUT_MS, err);
  json_decref(request);
  if (answer == NULL) return false;
  *list = json_incref(json_object_get(answer, name));
  json_decref(answer);
  size_t got = json_array_size(*list);
  if (*list != NULL && got == wanted) return true;
  json_decref(*list);
  *list = NULL;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "nav-core gave %zu %s, %zu were asked for", got, name,
                  wanted);
}

bool core_link_consents(const struct conf_nav *nav, json_t *asked, json_t **answers, struct nav_error *err) {
  size_t wanted = json_array_size(asked);
  json_t *request = json_pack("{s:s, s:o}", "command", "consent-ask", "asked", asked);
  return ask_list(nav, request, wanted, "answers", answers, err);
}

bool core_link_reason_keys(const struct conf_nav *nav, uint64_t under, json_t *asked, json_t **keys,
                           struct nav_error *err) {
  size_t wanted = json_array_size(asked);
  json_t *request =
      json_pack("{s:s, s:I, s:o}", "command", "reason-keys", "under", (json_int_t)under, "asked", asked);
  return ask_list(nav, request, wanted, "keys", keys, err);
}

bool core_link_owner(const struct conf_nav *nav, uint64_t seq, int64_t lane, const char *person,
                     struct core_link_owner *out, struct nav_error *err) {
  json_t *request = json_pack("{s:s, s:I, s:I, s:s}", "command", "hold-owner", "seq", (json_int_t)seq, "lane",
                              (json_int_t)lane, "person", person);
  if (request == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "no memory");
  json_t *answer = control_call(nav->core_socket, request, QUICK_MS, err);
  json_decref(request);
  if (answer == NULL) return false;
  const char *agency = json_string_value(json_object_get(answer, "agency"));
  const char *kind = json_string_value(json_object_get(answer, "kind"));
  bool ok = agency != NULL && kind != NULL && strlen(agency) < sizeof out->agency;
  if (ok) {
    memcpy(out->agency, agency, strlen(agency) + 1);
    out->is_event = strcmp(kind, "event") == 0;
  } else {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "nav-core did not say whose case it is");
  }
  json_decref(answer);
  return ok;
}

// What was read may have been written by somebody who encodes shorter than we do.
static json_t *base64_of(const Nav__V1__Event *event, struct nav_error *err) {
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, 2 * WIRE_EVENT_MAX);
  json_t *text = wire_encode(event, &bytes) ? wire_json_base64(bytes.data, bytes.length) : NULL;
  nav_buffer_free(&bytes);
  if (text == NULL) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "event", "cannot be encoded again, or no memory");
  return text;
}

bool core_link_preview(const struct conf_nav *nav, const struct core_link_case *asked,
                       struct core_link_preview *out, struct nav_error *err) {
  json_t *bytes = base64_of(asked->event, err);
  if (bytes == NULL) return false;
  json_t *request =
      json_pack("{s:s, s:I, s:I, s:o, s:O*, s:O*, s:b}", "command", "hold-preview", "seq",
                (json_int_t)asked->seq, "lane", (json_int_t)asked->lane, "event", bytes, "reveal",
                asked->reveal, "subjects", asked->subjects, "english", asked->english ? 1 : 0);
  if (request == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "no memory");
  json_t *answer = control_call(nav->core_socket, request, QUICK_MS, err);
  json_decref(request);
  if (answer == NULL) return false;
  const char *bits = json_string_value(json_object_get(answer, "subjects"));
  *out = (struct core_link_preview){
      .leaves = json_is_true(json_object_get(answer, "leaves")),
      .reveal = (uint16_t)json_integer_value(json_object_get(answer, "reveal")),
      .subjects = bits == NULL ? 0 : strtoull(bits, NULL, 16),
      .narrative_edited = json_is_true(json_object_get(answer, "narrative_edited"))};
  json_t *explain = json_object_get(answer, "explain");
  bool ok = (bits != NULL && json_is_object(explain)) ||
            nav_fail(err, NAV_ERROR_LOCAL, 0, "core", "nav-core did not say what would leave, and why");
  if (ok) out->explain = json_incref(explain);
  json_decref(answer);
  return ok;
}
