// navctl retention preview, run: erasing content whose time is up. nav-core does it and says what it did.
#include <stdio.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"

// A first run may have years to erase, a few milliseconds a bucket and three syncs of a disk.
enum { TIMEOUT_MS = 30 * 60 * 1000 };

static bool print_parts(const json_t *answer) {
  long long dropped = (long long)json_integer_value(json_object_get(answer, "parts"));
  long long left = (long long)json_integer_value(json_object_get(answer, "parts_left"));
  return printf("; %lld partitions dropped", dropped) >= 0 &&
         (left == 0 || printf(", %lld left to the next run", left) >= 0);
}

static bool print(const struct ctl *ctl, const json_t *answer, bool done) {
  static const struct ctl_column columns[] = {{"class", "CLASS", true},
                                              {"days", "DAYS", true},
                                              {"day", "ACCEPTED", false},
                                              {"events", "EVENTS", true},
                                              {"erased_before", "ERASED BEFORE", true},
                                              {"undelivered", "UNDELIVERED", true},
                                              {"holds_closed", "HOLDS CLOSED", true},
                                              {"holds_kept", "HOLDS KEPT", true},
                                              {"lanes", NULL, false},
                                              {"first_seq", NULL, true},
                                              {"last_seq", NULL, true},
                                              {"seq", "RECORD", true}};
  const json_t *buckets = json_object_get(answer, "buckets");
  size_t count = sizeof columns / sizeof *columns - (done ? 0 : 1);  // a preview has no record
  bool ok = output_rows(ctl->format, columns, count, buckets);
  if (!ok || ctl->format != CTL_TABLE) return ok;
  return printf("%s: %zu buckets with %lld events, of which %lld had been erased singly before%s",
                done ? "Erased" : "To be erased", json_array_size(buckets),
                (long long)json_integer_value(json_object_get(answer, "events")),
                (long long)json_integer_value(json_object_get(answer, "erased_before")),
                json_is_true(json_object_get(answer, "more")) ? "; there is more: run it again" : "") >= 0 &&
         (!done || print_parts(answer)) && puts(".") >= 0;
}

// Takes request.
static enum ctl_exit ask(struct ctl *ctl, json_t *request, bool done) {
  enum ctl_exit code = CTL_DONE;
  json_t *answer = ctl_ask(ctl, false, request, TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  long long left = (long long)json_integer_value(json_object_get(answer, "keys_left"));
  code = print(ctl, answer, done) ? CTL_DONE : CTL_FAILED;
  if (left > 0)
    code = ctl_complain(CTL_FAILED, "%lld key files could not be destroyed: nav-core's log names them", left);
  json_decref(answer);
  return code;
}

enum ctl_exit ctl_retention_preview(struct ctl *ctl) {
  return ask(ctl, json_pack("{s:s}", "command", "retention-preview"), false);
}

enum ctl_exit ctl_retention_run(struct ctl *ctl) {
  const char *reason = ctl_value(ctl, "reason");
  return ask(ctl,
             json_pack("{s:s, s:s}", "command", "retention-run", "reason",
                       reason != NULL ? reason : "the time of the class was up"),
             true);
}
