// See check.h.
#include "hub/access/check.h"

#include "hub/access/check_parts.h"
#include "hub/base/clock.h"

static void check_secrecy(const struct checking *checking) {
  const struct conf_agencies *agencies = checking->rules->agencies;
  for (size_t i = 0; i < agencies->agencies_count; i++)
    for (size_t k = 0; k < agencies->agencies[i].secrecy_count; k++) {
      const struct conf_agency *agency = &agencies->agencies[i];
      const char *id = agency->secrecy[k];
      if (law_find(&checking->rules->law, id) != NULL) continue;
      const char *near = conf_nearest(id, checking->rules->law.ids);
      conf_faults_add(checking->findings, "agencies.yaml", agency->line, agency->column,
                      near == NULL ? "add it to law.yaml" : near,
                      "secrecy '%s' of agency '%s' is not in law.yaml", id, agency->id);
    }
}

size_t access_check(const struct access_rules *rules, int64_t now_ms, struct conf_faults *findings) {
  struct checking checking = {rules, now_ms, nav_day_stockholm(now_ms), findings};
  size_t before = findings->count + findings->dropped;
  check_rules(&checking);
  check_reach(&checking);
  check_secrecy(&checking);
  conf_faults_sort(findings);
  return findings->count + findings->dropped - before;
}

json_t *access_faults_json(const struct conf_faults *faults) {
  json_t *list = json_array();
  for (size_t i = 0; i < faults->count; i++) {
    const struct conf_fault *fault = &faults->items[i];
    json_t *item = json_object();
    json_object_set_new(item, "file", json_string(fault->file));
    json_object_set_new(item, "line", json_integer(fault->line));
    json_object_set_new(item, "column", json_integer(fault->column));
    json_object_set_new(item, "what", json_string(fault->what));
    json_object_set_new(item, "hint", json_string(fault->hint));
    json_array_append_new(list, item);
  }
  return list;
}
