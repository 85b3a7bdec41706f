// See summary.h.
#include "adapters/engine/summary.h"

#include <inttypes.h>
#include <stdio.h>

void summary_print(const struct summary *s, bool json) {
  (void)fprintf(stderr,
                "sent %" PRIu64 ", accepted %" PRIu64 ", duplicate %" PRIu64 ", rejected %" PRIu64
                ", skipped %" PRIu64 ", unchanged %" PRIu64 ", received %" PRIu64 ", stayed home %" PRIu64
                ", sealed %" PRIu64 ", stripped %" PRIu64 "\n",
                s->sent, s->accepted, s->duplicate, s->rejected, s->skipped, s->unchanged, s->received,
                s->stayed_home, s->sealed, s->stripped);
  if (!json) return;
  (void)printf("{\"sent\":%" PRIu64 ",\"accepted\":%" PRIu64 ",\"duplicate\":%" PRIu64
               ",\"rejected\":%" PRIu64 ",\"skipped\":%" PRIu64 ",\"unchanged\":%" PRIu64
               ",\"received\":%" PRIu64 ",\"stayed_home\":%" PRIu64 ",\"sealed\":%" PRIu64
               ",\"stripped\":%" PRIu64 ",\"files\":%" PRIu64 ",\"failed\":%" PRIu64 "}\n",
               s->sent, s->accepted, s->duplicate, s->rejected, s->skipped, s->unchanged, s->received,
               s->stayed_home, s->sealed, s->stripped, s->files, s->failed);
  (void)fflush(stdout);
}
