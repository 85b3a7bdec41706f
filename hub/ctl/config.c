// navctl config check: nav.yaml, agencies, keys, areas, law, access rules and meetings; all faults at once,
// exit 6.
#include "hub/access/access.h"
#include "hub/conf/agencies.h"
#include "hub/conf/hub_keys.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/faults.h"
#include "hub/desk/briefing/meeting.h"

// What rests on agencies.yaml is looked at only where that is whole: else every rule would be accused of its
// faults.
static void check_with_agencies(const char *folder, const struct conf_agencies *agencies,
                                struct conf_faults *faults) {
  struct access_rules *rules = access_rules_load(folder, agencies, faults);
  struct nav_areas *areas = rules == NULL ? NULL : nav_areas_load(folder, faults);
  if (areas != NULL) meetings_free(meetings_load(folder, agencies, areas, faults));
  nav_areas_free(areas);
  access_rules_free(rules);
}

enum ctl_exit ctl_config_check(struct ctl *ctl) {
  struct conf_faults faults = {0};
  struct conf_hub_keys keys;
  struct conf_nav *nav = conf_nav_load(ctl->home, &faults);
  if (nav != NULL) {
    (void)conf_hub_keys_load(nav->config_folder, &keys, &faults);
    struct conf_agencies *agencies = conf_agencies_load(nav->config_folder, &faults);
    if (agencies != NULL) check_with_agencies(nav->config_folder, agencies, &faults);
    conf_agencies_free(agencies);
  }
  conf_faults_sort(&faults);
  enum ctl_exit code = faults_print(ctl, nav != NULL ? nav->config_folder : ".", &faults);
  conf_faults_free(&faults);
  conf_nav_free(nav);
  return code;
}
