// A nav-core without sockets and database: four agencies and their lanes, rules of four sorts, one batch in
// memory whose records can be read back. Called by: the tests beside it. Must never: be told apart from the
// real one by what is tested.
#ifndef TESTS_UNIT_CORE_MADE_CORE_H
#define TESTS_UNIT_CORE_MADE_CORE_H

#include "hub/core/core.h"
#include "hub/core/holds.h"

enum { POL = 1, SOC, SKOLA, BO };                                             // agencies' numbers
enum { POL_ETT = 1, SOC_ETT, SKOLA_ETT, BO_ETT, POL_TVA, SKOLA_TVA };         // lanes' numbers
enum { MADE_ANSWER_MS = 3600000, MADE_URGENT_MS = 60000, MADE_DAY = 20800 };  // the day it starts

// Ends the program where it cannot be made. One at a time.
struct core *made_core_new(void);
void made_core_free(void);

// Defines the verdict under the next number, which it returns. hash: the rules'; false: those of before.
uint32_t made_verdict(struct core *core, const Nav__V1__LaneVerdict *lanes, size_t count, bool is_hash);
// What the batch has staged since the last call, decoded, until the next call; *count of them.
Nav__V1__Record **made_records(struct core *core, size_t *count);
char *made_text(const char *words);

#endif
