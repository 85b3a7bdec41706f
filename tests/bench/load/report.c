// See report.h.
#include "tests/bench/load/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/load/usage.h"

enum { EVEN_MIN = 1000 };

struct totals {
  uint64_t accepted, refused, sent, received, repeated, strange;
  uint64_t last_answer_ns, last_event_ns;
  struct histogram answers, events;
};

static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }

static void add_up(struct totals *totals) {
  for (unsigned i = 0; i < load_options->publishers; i++) {
    struct load_worker *w = &load_shared->publishers[i];
    totals->accepted += atomic_load(&w->accepted);
    totals->refused += atomic_load(&w->refused);
    totals->sent += atomic_load(&w->sent);
    totals->last_answer_ns = later(totals->last_answer_ns, atomic_load(&w->last_ns));
    histogram_merge(&totals->answers, &w->latency);
  }
  for (unsigned i = 0; i < load_options->recipients; i++) {
    struct load_worker *w = &load_shared->recipients[i];
    totals->received += atomic_load(&w->received);
    totals->repeated += atomic_load(&w->repeated);
    totals->strange += atomic_load(&w->strange);
    totals->last_event_ns = later(totals->last_event_ns, atomic_load(&w->last_ns));
    histogram_merge(&totals->events, &w->latency);
  }
}

uint64_t report_accepted(void) {
  uint64_t accepted = 0;
  for (unsigned i = 0; i < load_options->publishers; i++)
    accepted += atomic_load(&load_shared->publishers[i].accepted);
  return accepted;
}

uint64_t report_received(void) {
  uint64_t received = 0;
  for (unsigned i = 0; i < load_options->recipients; i++)
    received += atomic_load(&load_shared->recipients[i].received);
  return received;
}

static double us(const struct histogram *histogram, double part) {
  return histogram_part(histogram, part) / 1e3;
}

static double seconds_between(uint64_t from_ns, uint64_t to_ns) {
  return to_ns > from_ns ? (double)(to_ns - from_ns) / 1e9 : 0;
}

static double a_second(uint64_t count, double seconds) { return seconds > 0 ? (double)count / seconds : 0; }

static void print_name(const char *name) { (void)printf("\"%s\": ", name); }

// Percent of one core: the machine's all is 100 for each of its cores.
static void print_cpu(const struct report_sample *begin, const struct report_sample *end, uint64_t accepted) {
  double seconds = seconds_between(begin->at_ns, end->at_ns);
  double servers = 0;
  (void)printf(", \"cpu_percent\": {");
  for (size_t i = 0; i < load_options->servers_count; i++) {
    double used = end->server_s[i] - begin->server_s[i];
    servers += used;
    print_name(load_options->servers[i].name);
    (void)printf("%.0f, ", 100 * used / seconds);
  }
  double clients = end->clients_s - begin->clients_s;
  double others = end->machine_s - begin->machine_s - servers - clients;
  (void)printf("\"clients\": %.0f, \"others\": %.0f}", 100 * clients / seconds, 100 * others / seconds);
  uint64_t events = load_options->publishers > 0 ? accepted : end->received - begin->received;
  if (events > 0) (void)printf(", \"server_us_an_event\": %.1f", 1e6 * servers / (double)events);
}

static void print_peaks(void) {
  (void)printf(", \"peak_mb\": {");
  for (size_t i = 0; i < load_options->servers_count; i++) {
    (void)printf("%s", i > 0 ? ", " : "");
    print_name(load_options->servers[i].name);
    (void)printf("%.0f", usage_peak_mb(load_options->servers[i].pid));
  }
  (void)printf("}");
}

// Of those that no slow moment of the machine touched.
static void merge_even(struct histogram *into, uint64_t *all, const struct load_worker *worker,
                       const struct steady_spans *spans) {
  uint64_t start_ns = atomic_load(&load_shared->start_ns);
  size_t count = atomic_load(&worker->times.count);
  if (count > LOAD_TIMES_MAX) count = LOAD_TIMES_MAX;
  for (size_t i = 0; i < count; i++) {
    const struct load_time *time = &worker->times.list[i];
    uint64_t due_ns = start_ns + (uint64_t)time->due_us * 1000;
    uint64_t took_ns = (uint64_t)time->took_us * 1000;
    if (!steady_touches(spans, due_ns)) histogram_add(into, took_ns);
  }
  *all += count;
}

// Fewer tell nothing.
static bool enough(const struct histogram *histogram, uint64_t all) {
  return histogram->count >= EVEN_MIN && histogram->count >= all / 2;
}

static bool all_times_kept(void) {
  bool kept = true;
  for (unsigned i = 0; i < load_options->publishers; i++)
    kept = kept && atomic_load(&load_shared->publishers[i].times.count) <= LOAD_TIMES_MAX;
  for (unsigned i = 0; i < load_options->recipients; i++)
    kept = kept && atomic_load(&load_shared->recipients[i].times.count) <= LOAD_TIMES_MAX;
  return kept;
}

// Nothing where nothing is known of the machine, or it left too few.
static void print_even(const struct report_sample *begin, const struct report_sample *end) {
  static struct steady_spans spans;
  static struct histogram answers, events;
  uint64_t all_answers = 0, all_events = 0;
  if (load_options->rate == 0 || !all_times_kept() || !steady_find(&load_shared->steady, &spans)) return;
  for (unsigned i = 0; i < load_options->publishers; i++)
    merge_even(&answers, &all_answers, &load_shared->publishers[i], &spans);
  for (unsigned i = 0; i < load_options->recipients; i++)
    merge_even(&events, &all_events, &load_shared->recipients[i], &spans);
  (void)printf(", \"slow_percent\": %.1f", 100 * steady_slow_part(&spans, begin->at_ns, end->at_ns));
  if (!enough(&answers, all_answers) || !enough(&events, all_events)) return;
  (void)printf(
      ", \"even\": {\"percent\": %.0f, \"e2e_p50_us\": %.0f, \"e2e_p99_us\": %.0f, \"accept_p50_us\": %.0f, "
      "\"accept_p99_us\": %.0f}",
      100 * (double)events.count / (double)all_events, us(&events, 0.5), us(&events, 0.99), us(&answers, 0.5),
      us(&answers, 0.99));
}

static void print_load(const struct totals *totals, double seconds) {
  (void)printf(
      ", \"publishers\": %u, \"recipients\": %u, \"event_bytes\": %u, \"window\": %u, \"rate\": %.0f",
      load_options->publishers, load_options->recipients, load_options->bytes, load_options->window,
      load_options->rate);
  (void)printf(", \"seconds\": %.2f, \"sent\": %" PRIu64 ", \"accepted\": %" PRIu64 ", \"refused\": %" PRIu64
               ", \"received\": %" PRIu64 ", \"repeated\": %" PRIu64 ", \"strange\": %" PRIu64,
               seconds, totals->sent, totals->accepted, totals->refused, totals->received, totals->repeated,
               totals->strange);
}

// Negative: recipients have more than was told to be accepted, as where an answer was lost.
static int64_t missing(const struct totals *totals) {
  uint64_t each = load_options->publishers > 0 ? totals->accepted : load_options->expect;
  return (int64_t)(each * load_options->recipients) - (int64_t)totals->received;
}

// sustained_s: all deliveries over the whole time until the last one: where it is less than delivered_s,
// something had piled up.
void report_print(const struct report_sample *begin, const struct report_sample *end, uint64_t drained_ns) {
  static struct totals totals;
  memset(&totals, 0, sizeof totals);
  add_up(&totals);
  double seconds = seconds_between(begin->at_ns, end->at_ns);
  uint64_t accepted = end->accepted - begin->accepted;
  uint64_t start_ns = atomic_load(&load_shared->start_ns);
  (void)printf("{\"peer\": \"%s\", \"case\": \"%s\", \"accepted_s\": %.0f, \"delivered_s\": %.0f",
               load_options->peer, load_options->name, a_second(accepted, seconds),
               a_second(end->received - begin->received, seconds));
  (void)printf(", \"e2e_p50_us\": %.0f, \"e2e_p99_us\": %.0f, \"missing\": %" PRId64, us(&totals.events, 0.5),
               us(&totals.events, 0.99), missing(&totals));
  (void)printf(", \"e2e_max_us\": %.0f, \"accept_p50_us\": %.0f, \"accept_p99_us\": %.0f",
               (double)totals.events.max_ns / 1e3, us(&totals.answers, 0.5), us(&totals.answers, 0.99));
  (void)printf(", \"sustained_s\": %.0f, \"drain_seconds\": %.2f",
               a_second(totals.received, seconds_between(start_ns, totals.last_event_ns)),
               seconds_between(end->at_ns, drained_ns));
  print_even(begin, end);
  print_load(&totals, seconds);
  print_cpu(begin, end, accepted);
  print_peaks();
  (void)printf("}\n");
  (void)fflush(stdout);
}
