// Tables of configuration files and the faults they must give, one text file a loader:
//   === what the case shows
//   --- agencies.yaml          (one section a file; the folder is made anew for each case)
//   …
//   --- faults                 (every line as conf_faults_print writes it; none: it must load)
//   agencies.yaml:4:11: agencies[0].kind: unknown word 'polis' - did you mean 'police'?
// "{dir}" stands for the case's folder. Called by: tests of conf and areas.
#ifndef NAV_TESTS_UNIT_CONF_CASES_H
#define NAV_TESTS_UNIT_CONF_CASES_H

#include "hub/conf/faults.h"

// Loads the folder and frees what it loaded; true where it loaded.
typedef bool cases_load(const char *folder, struct conf_faults *faults);

// Runs every case of the file; prints each difference; the number of cases, or -1 where any differs.
int cases_run(const char *path, cases_load *load);

#endif
