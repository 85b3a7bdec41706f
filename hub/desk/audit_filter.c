// See audit_filter.h.
#include "hub/desk/audit_filter.h"

#include <inttypes.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/ledger/record.h"
#include "nav/v1/session.pb-c.h"

enum { TEXT_MAX = 200, KIND_END = 128, QUERY_MAX = 4096 };

// ---- reading ----

static bool read_integer(const struct desk_request *request, const char *key, int64_t min, int64_t max,
                         int64_t *value, bool *has, struct nav_error *err) {
  const json_t *json = json_object_get(request->json, key);
  *has = json != NULL && !json_is_null(json);
  if (!*has) return true;
  if (!json_is_integer(json) || json_integer_value(json) < min || json_integer_value(json) > max) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, key,
                    "must be a whole number, %" PRId64 " to %" PRId64, min, max);
  }
  *value = json_integer_value(json);
  return true;
}

static bool read_event_id(struct audit_filter *filter, const struct desk_request *request,
                          struct nav_error *err) {
  bool ok = true;
  const char *text = desk_text(request, "event", TEXT_MAX, &ok, err);
  if (!ok || text == NULL) return ok;
  filter->has_event = true;
  if (nav_unhex(filter->event_id, sizeof filter->event_id, text)) return true;
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "event",
                  "must be an event's id: 32 hexadecimal digits");
}

static bool read_kind(struct audit_filter *filter, const struct desk_request *request,
                      struct nav_error *err) {
  bool ok = true;
  filter->kind = desk_text(request, "kind", TEXT_MAX, &ok, err);
  if (!ok || filter->kind == NULL) return ok;
  for (unsigned kind = 1; kind < KIND_END; kind++) {
    if (strcmp(record_kind_name((uint16_t)kind), filter->kind) == 0 && strcmp(filter->kind, "unknown") != 0)
      return true;
  }
  return nav_fail(
      err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "kind",
      "'%s' is no kind of record; they are accepted, rejected, read, briefing_compiled, audit_read, …",
      filter->kind);
}

bool audit_filter_read(struct audit_filter *filter, const struct desk_request *request,
                       struct nav_error *err) {
  bool has = false;
  bool ok = true;
  int64_t before = INT64_MAX;
  *filter = (struct audit_filter){.limit = AUDIT_LIMIT_DEFAULT};
  if (!read_integer(request, "since_ms", INT64_MIN, INT64_MAX, &filter->since_ms, &filter->has_since, err) ||
      !read_integer(request, "until_ms", INT64_MIN, INT64_MAX, &filter->until_ms, &filter->has_until, err) ||
      !read_integer(request, "before", 1, INT64_MAX, &before, &has, err) ||
      !read_integer(request, "limit", 1, AUDIT_LIMIT_MAX, &filter->limit, &has, err)) {
    return false;
  }
  filter->before = (uint64_t)before;
  const struct {
    const char *key;
    const char **text;
  } texts[] = {{"agency", &filter->agency}, {"purpose", &filter->purpose}, {"basis", &filter->basis},
               {"rule", &filter->rule},     {"meeting", &filter->meeting}, {"reader", &filter->reader}};
  for (size_t i = 0; ok && i < sizeof texts / sizeof texts[0]; i++) {
    *texts[i].text = desk_text(request, texts[i].key, TEXT_MAX, &ok, err);
  }
  return ok && read_event_id(filter, request, err) && read_kind(filter, request, err);
}

// ---- narrowing ----

static bool kind_in(uint16_t kind, const uint16_t *kinds, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (kinds[i] == kind) return true;
  }
  return false;
}

// Whether a line of that kind can ever have what is asked for.
static bool kind_can_match(const struct audit_filter *f, uint16_t kind) {
  static const uint16_t with_rule[] = {21, 25, 60, 81};
  static const uint16_t with_meeting[] = {40, 41};
  static const uint16_t with_reader[] = {40, 41, 42};
  static const uint16_t with_event[] = {21, 22, 25, 40, 41, 60, 61, 62, 63, 64, 70, 75, 76, 81};
  static const uint16_t with_purpose[] = {17, 21, 25, 30, 31, 32, 40, 41, 60, 61, 62, 63, 64};
  if (strcmp(record_kind_name(kind), "unknown") == 0) return false;
  if (f->kind != NULL && strcmp(record_kind_name(kind), f->kind) != 0) return false;
  if ((f->basis != NULL || f->rule != NULL) &&
      !kind_in(kind, with_rule, sizeof with_rule / sizeof *with_rule))
    return false;
  if (f->meeting != NULL && !kind_in(kind, with_meeting, sizeof with_meeting / sizeof *with_meeting))
    return false;
  if (f->reader != NULL && !kind_in(kind, with_reader, sizeof with_reader / sizeof *with_reader))
    return false;
  if (f->has_event && !kind_in(kind, with_event, sizeof with_event / sizeof *with_event)) return false;
  return f->purpose == NULL || kind_in(kind, with_purpose, sizeof with_purpose / sizeof *with_purpose);
}

static bool is(const char *text, const char *wanted) { return text != NULL && strcmp(text, wanted) == 0; }

static bool lane_can_match(const struct audit_filter *f, const struct definitions *definitions,
                           const Nav__V1__LaneVerdict *verdict) {
  const struct desk_lane *lane = definitions_lane(definitions, verdict->lane);
  if (f->rule != NULL && !is(verdict->rule, f->rule) && !is(verdict->hold_rule, f->rule)) return false;
  if (f->basis != NULL && !is(verdict->basis, f->basis) && !is(verdict->hold_basis, f->basis)) return false;
  if (f->purpose != NULL && (lane == NULL || !is(lane->purpose, f->purpose))) return false;
  return f->agency == NULL || (lane != NULL && is(lane->agency, f->agency));
}

// Verdicts with a lane that fits. Where only the agency is asked for, it may be the sender as well: see
// `numbers`.
static bool narrow_verdicts(struct audit_filter *f, struct nav_arena *arena,
                            const struct definitions *definitions) {
  struct audit_filter as_sender = *f;
  as_sender.agency = NULL;  // its own events, on any lane
  uint64_t *numbers = nav_arena_zalloc(arena, definitions->verdicts_count + 1, sizeof *numbers);
  size_t count = 0;
  if (numbers == NULL) return false;
  bool others = f->rule != NULL || f->basis != NULL || f->purpose != NULL;
  for (size_t i = 0; i < definitions->verdicts_count; i++) {
    const Nav__V1__VerdictDefined *verdict = definitions->verdicts[i];
    bool fits = false;
    for (size_t lane = 0; verdict != NULL && !fits && lane < verdict->n_lanes; lane++) {
      fits = lane_can_match(others ? &as_sender : f, definitions, verdict->lanes[lane]);
    }
    if (fits) numbers[count++] = i;
  }
  f->verdicts = desk_array(arena, numbers, count);
  return f->verdicts != NULL;
}

static bool narrow_numbers(struct audit_filter *f, struct nav_arena *arena,
                           const struct definitions *definitions) {
  uint64_t number = 0;
  size_t count = 0;
  for (size_t i = 0; i < definitions->agencies_count && count == 0; i++) {
    if (is(definitions->agencies[i], f->agency)) {
      number = i;
      count = 1;
    }
  }
  f->numbers = desk_array(arena, &number, count);
  return f->numbers != NULL;
}

// More than can be told one by one: all records of the window are looked at, as without.
enum { NAMED_MAX = 100000 };

// Readings, recalls, erasures and answers stand in nav.mention, the others say in `about` what they concern.
static bool narrow_named(struct audit_filter *f, const struct desk_request *request, struct nav_error *err) {
  const char *values[] = {f->seqs};
  PGresult *result =
      desk_query(request->database,
                 "SELECT seq FROM nav.mention_view WHERE event_seq = ANY($1::bigint[]) UNION "
                 "SELECT seq FROM nav.ledger_view WHERE about = ANY($1::bigint[]) LIMIT 100001",
                 1, values, err);
  if (result == NULL) return false;
  size_t count = (size_t)PQntuples(result);
  uint64_t *seqs = nav_arena_zalloc(request->arena, count + 1, sizeof *seqs);
  for (size_t i = 0; seqs != NULL && i < count; i++) seqs[i] = (uint64_t)desk_int8(result, (int)i, 0);
  PQclear(result);
  if (count > NAMED_MAX) return true;
  f->named = seqs == NULL ? NULL : desk_array(request->arena, seqs, count);
  return f->named != NULL || nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
}

static bool narrow_event(struct audit_filter *f, const struct desk_request *request, struct nav_error *err) {
  char id[2 * NAV_EVENT_ID_SIZE + 1];
  const char *values[] = {nav_hex(id, f->event_id, sizeof f->event_id)};
  PGresult *result = desk_query(
      request->database,
      "SELECT seq FROM nav.event_view WHERE event_id = decode($1::text, 'hex') ORDER BY seq LIMIT 1000", 1,
      values, err);
  if (result == NULL) return false;
  for (int i = 0; i < PQntuples(result); i++)
    f->event_seqs[f->event_seqs_count++] = (uint64_t)desk_int8(result, i, 0);
  PQclear(result);
  f->seqs = desk_array(request->arena, f->event_seqs, f->event_seqs_count);
  f->event_id_bytes = nav_arena_printf(request->arena, "%s", id);
  if (f->seqs == NULL || f->event_id_bytes == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return narrow_named(f, request, err);
}

bool audit_filter_narrow(struct audit_filter *filter, const struct desk_request *request,
                         const struct definitions *definitions, struct nav_error *err) {
  uint64_t kinds[AUDIT_KINDS_MAX];
  size_t count = 0;
  for (unsigned kind = 1; kind < AUDIT_KINDS_MAX; kind++) {
    if (kind_can_match(filter, (uint16_t)kind)) kinds[count++] = kind;
  }
  filter->kinds = desk_array(request->arena, kinds, count);
  bool ok = filter->kinds != NULL;
  bool by_lane =
      filter->rule != NULL || filter->basis != NULL || filter->purpose != NULL || filter->agency != NULL;
  if (ok && by_lane) ok = narrow_verdicts(filter, request->arena, definitions);
  if (ok && filter->agency != NULL && filter->rule == NULL && filter->basis == NULL &&
      filter->purpose == NULL) {
    ok = narrow_numbers(filter, request->arena, definitions);
  }
  if (!ok) return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return !filter->has_event || narrow_event(filter, request, err);
}

// ---- matching ----

static bool agency_fits(const struct audit_filter *f, const struct audit_line *line) {
  if (is(line->from, f->agency) || is(line->to, f->agency)) return true;
  for (size_t i = 0; i < line->participants_count; i++) {
    if (is(line->participants[i], f->agency)) return true;
  }
  return false;
}

static bool event_fits(const struct audit_filter *f, const struct audit_line *line) {
  if (line->event_id != NULL && memcmp(line->event_id, f->event_id, sizeof f->event_id) == 0) return true;
  for (size_t i = 0; i < f->event_seqs_count; i++) {
    if (line->event_seq != 0 && line->event_seq == f->event_seqs[i]) return true;
    for (size_t j = 0; j < line->event_seqs_count; j++) {
      if (line->event_seqs[j] == f->event_seqs[i]) return true;
    }
  }
  return false;
}

bool audit_filter_fits(const struct audit_filter *f, const struct audit_line *line) {
  if (f->has_since && line->time_ms < f->since_ms) return false;
  if (f->has_until && line->time_ms >= f->until_ms) return false;
  if (f->kind != NULL && strcmp(record_kind_name(line->kind), f->kind) != 0) return false;
  if (f->agency != NULL && !agency_fits(f, line)) return false;
  if (f->purpose != NULL && !is(line->purpose, f->purpose)) return false;
  if (f->basis != NULL && !is(line->basis, f->basis) && !is(line->hold_basis, f->basis)) return false;
  if (f->rule != NULL && !is(line->rule, f->rule) && !is(line->hold_rule, f->rule)) return false;
  if (f->meeting != NULL && !is(line->meeting, f->meeting)) return false;
  if (f->reader != NULL && (line->kind < 40 || line->kind > 42 || !is(line->actor, f->reader))) return false;
  return !f->has_event || event_fits(f, line);
}

// ---- as text ----

const char *audit_filter_text(const struct audit_filter *f, struct nav_arena *arena) {
  struct nav_buffer text;
  char time[NAV_RFC3339_SIZE];
  char id[2 * NAV_EVENT_ID_SIZE + 1];
  nav_buffer_init(&text, QUERY_MAX);
  bool ok = nav_buffer_append_text(&text, "audit search");
  if (ok && f->has_since) ok = nav_buffer_printf(&text, " since=%s", nav_clock_rfc3339(f->since_ms, time));
  if (ok && f->has_until) ok = nav_buffer_printf(&text, " until=%s", nav_clock_rfc3339(f->until_ms, time));
  if (ok && f->has_event)
    ok = nav_buffer_printf(&text, " event=%s", nav_hex(id, f->event_id, sizeof f->event_id));
  const struct {
    const char *name, *value;
  } parts[] = {{"agency", f->agency},   {"purpose", f->purpose}, {"basis", f->basis}, {"rule", f->rule},
               {"meeting", f->meeting}, {"reader", f->reader},   {"kind", f->kind}};
  for (size_t i = 0; ok && i < sizeof parts / sizeof parts[0]; i++) {
    if (parts[i].value != NULL) ok = nav_buffer_printf(&text, " %s=%s", parts[i].name, parts[i].value);
  }
  if (ok && f->before != INT64_MAX) ok = nav_buffer_printf(&text, " before=%" PRIu64, f->before);
  ok = ok && nav_buffer_printf(&text, " limit=%" PRId64, f->limit);
  const char *copy = ok ? nav_arena_strndup(arena, (const char *)text.data, text.length) : NULL;
  nav_buffer_free(&text);
  return copy;
}
