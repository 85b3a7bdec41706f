// From a checked publication to staged records: duplicate or conflict? what do the rules say? seal, record,
// receipt. Called by: intake. Must never: touch the network or the database.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/log.h"
#include "hub/core/deliver_copy.h"
#include "hub/core/holds.h"
#include "hub/core/intake.h"
#include "hub/core/known.h"
#include "hub/core/question.h"
#include "hub/core/recalls.h"

enum { MS_A_DAY = 86400000, SEALED_MAX = WIRE_EVENT_MAX + CONTENT_OVERHEAD };

// What is known of one event: its own revision, and the latest.
struct knowledge {
  uint32_t revision;  // asked about
  const struct known_event *same;
  uint32_t latest;
};

static void learn(void *context, const struct known_event *event) {
  struct knowledge *knowledge = context;
  if (event->revision == knowledge->revision) knowledge->same = event;
  if (event->revision > knowledge->latest) knowledge->latest = event->revision;
}

static size_t first_row(const struct intake_known *known, const uint8_t event_id[16]) {
  size_t low = 0;
  size_t high = known->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (memcmp(known->rows[middle].event_id, event_id, 16) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static bool is_row(const struct intake_known *known, size_t index, const uint8_t event_id[16]) {
  return index < known->count && memcmp(known->rows[index].event_id, event_id, 16) == 0;
}

// A staged event that was committed before the store was asked is in both.
struct only_new {
  const struct intake_known *known;
  size_t first;
  recent_found *found;
  void *context;
};

static void tell_if_new(void *context, const struct known_event *event) {
  const struct only_new *only = context;
  for (size_t i = only->first; is_row(only->known, i, event->event_id); i++) {
    if (only->known->rows[i].seq == event->seq) return;
  }
  only->found(only->context, event);
}

void intake_each_known(const struct core *core, const struct intake_known *known, const uint8_t event_id[16],
                       recent_found *found, void *context) {
  struct only_new only = {known, first_row(known, event_id), found, context};
  for (size_t i = only.first; is_row(known, i, event_id); i++) found(context, &known->rows[i]);
  recent_find(core->recent, event_id, 0, tell_if_new, &only);
}

static struct knowledge what_is_known(const struct core *core, const Nav__V1__Event *event, uint32_t agency,
                                      const struct intake_known *known) {
  struct knowledge knowledge = {.revision = event->revision};
  for (size_t i = first_row(known, event->id.data); is_row(known, i, event->id.data); i++) {
    if (known->rows[i].agency == agency) learn(&knowledge, &known->rows[i]);
  }
  recent_find(core->recent, event->id.data, agency, learn, &knowledge);
  return knowledge;
}

static void receipt_rejected(Nav__V1__EventReceipt *receipt, const struct nav_error *err) {
  receipt->status = NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_REJECTED;
  receipt->has_code = true;
  receipt->code = (Nav__V1__Code)err->code;
  receipt->field = (char *)(uintptr_t)err->place;
  receipt->reason = (char *)(uintptr_t)err->text;
}

static void refuse_revision(struct intake_event *e, const struct knowledge *knowledge) {
  bool conflict = knowledge->same != NULL;
  e->bad = !nav_fail(&e->error, NAV_ERROR_PEER,
                     conflict ? NAV__V1__CODE__CODE_CONFLICT : NAV__V1__CODE__CODE_STALE_REVISION, "revision",
                     conflict ? "revision %u is here with other content; the latest is %u"
                              : "revision %u is lower than the latest, %u",
                     e->event->revision, knowledge->latest);
}

// What the event is about must be known, and there must be room for what it governs.
static bool may_be_taken(struct core *core, const Nav__V1__Event *event, uint32_t agency,
                         const struct intake_known *known, struct nav_error *err) {
  if (event->body_case == NAV__V1__EVENT__BODY_RECALL &&
      !recall_check(core, event->recall, agency, known, err)) {
    return false;
  }
  return registers_have_room(core->registers, event, agency, core->now_ms, err);
}

// True: it is new and to be accepted. Else the receipt says what it is.
static bool judge(struct core *core, struct publication *publication, size_t index,
                  const struct intake_known *known, Nav__V1__EventReceipt *receipt) {
  struct intake_event *e = &publication->events[index];
  struct agency_count *counts = core_count(core, publication->agency_number);
  const uint8_t *digest = publication->digests + index * NAV_SHA256_SIZE;
  if (!e->bad) {
    struct knowledge knowledge = what_is_known(core, e->event, publication->agency_number, known);
    if (knowledge.same != NULL && memcmp(knowledge.same->digest, digest, NAV_SHA256_SIZE) == 0) {
      counts->duplicate++;
      receipt->status = NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_DUPLICATE;
      receipt->has_seq = true;
      receipt->seq = knowledge.same->seq;
      return false;
    }
    if (knowledge.same == NULL && e->event->revision > knowledge.latest) {
      if (may_be_taken(core, e->event, publication->agency_number, known, &e->error)) return true;
      e->bad = true;
    } else {
      receipt->has_latest_revision = true;
      receipt->latest_revision = knowledge.latest;
      refuse_revision(e, &knowledge);
    }
  }
  counts->rejected++;
  receipt_rejected(receipt, &e->error);
  intake_reject(core, core->numbers->agencies[publication->agency_number], &e->error,
                e->event != NULL && e->event->id.len == 16 ? e->event->id.data : NULL, digest);
  return false;
}

static uint64_t stage_published(struct core *core, const struct publication *publication) {
  ProtobufCBinaryData digests[WIRE_EVENTS_MAX];
  for (size_t i = 0; i < publication->count; i++) {
    digests[i] = (ProtobufCBinaryData){NAV_SHA256_SIZE, publication->digests + i * NAV_SHA256_SIZE};
  }
  Nav__V1__Published published = NAV__V1__PUBLISHED__INIT;
  published.agency = core->numbers->agencies[publication->agency_number];
  published.n_digests = publication->count;
  published.digests = digests;
  published.has_signature = published.has_public_key = true;
  published.signature = publication->message->signature;
  published.public_key =
      (ProtobufCBinaryData){KEY_ED25519_PUBLIC_SIZE, (uint8_t *)(uintptr_t)publication->public_key};
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_PUBLISHED;
  record.published = &published;
  return batch_stage(core->staging, &record, core->now_ms);
}

// Whether the agency was let have the event under a rule with no-onward. A hold's rule counts too: its
// event's id is known to the agency only if the hold was released.
static bool had_no_onward(const struct core *core, const struct known_event *original, const char *agency) {
  const struct verdict *verdict = verdicts_get(core->verdicts, original->verdict);
  for (size_t i = 0; verdict != NULL && i < verdict->lanes_count; i++) {
    const Nav__V1__LaneVerdict *lane = verdict->lanes[i];
    if (lane->no_onward && lane->outcome != NAV__V1__OUTCOME__OUTCOME_WITHHOLD &&
        lane->lane < core->numbers->lanes_end &&
        strcmp(core->numbers->lanes[lane->lane].agency, agency) == 0) {
      return true;
    }
  }
  return false;
}

struct onward {
  const struct core *core;
  uint32_t source;   // of the answer
  const char *only;  // NULL: anybody
};

static void restrict_onward(void *context, const struct known_event *original) {
  struct onward *onward = context;
  const struct core *core = onward->core;
  if (original->agency == onward->source || original->agency == 0 ||
      original->agency >= core->numbers->agencies_end ||
      !had_no_onward(core, original, core->numbers->agencies[onward->source])) {
    return;
  }
  const char *sender = core->numbers->agencies[original->agency];
  // Two senders of one id, both with no-onward: neither may have what the other sent, so nobody has.
  onward->only = onward->only == NULL || strcmp(onward->only, sender) == 0 ? sender : "";
}

// Of an answer to what was given with no-onward, lanes of others than its sender are withheld here, in the
// stored verdict. That is enough for ever: later decisions (delivery, replay, a hold's release) need no
// look-up of the original, as what counts is stored and decided now, and a reload never newly releases.
static uint32_t decide(struct core *core, const Nav__V1__Event *event, uint32_t source,
                       const struct intake_known *known) {
  static struct access_decision decisions[NUMBERS_LANES_MAX];  // one thread; too large for the stack
  struct core_question question;
  struct onward onward = {.core = core, .source = source};
  core_question(&question, core, event);
  question.consents_up_to = UINT64_MAX;
  if (event->has_in_reply_to)
    intake_each_known(core, known, event->in_reply_to.data, restrict_onward, &onward);
  question.question.only_recipient = onward.only;
  access_decide(core->rules, &question.question, decisions);
  return verdicts_intern(core->verdicts, decisions, core->rules, core->numbers, core->staging, core->now_ms);
}

// Its commitment is filled in by the batch, which hashes many at once.
static uint64_t stage_accepted(struct core *core, const struct batch_event *event, const char *agency,
                               uint32_t published_index) {
  static uint8_t unhashed[NAV_SHA256_SIZE];
  Nav__V1__Accepted accepted = NAV__V1__ACCEPTED__INIT;
  accepted.has_event_id = accepted.has_revision = accepted.has_type = accepted.has_event_time_ms = true;
  accepted.has_published_seq = accepted.has_published_index = accepted.has_commitment = true;
  accepted.has_verdict = accepted.has_retention_class = accepted.has_bucket_day = true;
  accepted.event_id = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)event->event_id};
  accepted.revision = event->revision;
  accepted.agency = (char *)(uintptr_t)agency;
  accepted.type = event->type;
  accepted.event_time_ms = event->time_ms;
  accepted.published_seq = event->published_seq;
  accepted.published_index = published_index;
  accepted.commitment = (ProtobufCBinaryData){NAV_SHA256_SIZE, unhashed};
  accepted.verdict = event->verdict;
  accepted.retention_class = event->retention_class;
  accepted.bucket_day = event->bucket_day;
  ProtobufCBinaryData persons[ACCESS_SUBJECTS_MAX];
  for (size_t i = 0; i < event->persons_count; i++)
    persons[i] = (ProtobufCBinaryData){PERSON_TOKEN_SIZE, (uint8_t *)(uintptr_t)event->persons[i]};
  accepted.n_persons = event->persons_count;
  accepted.persons = persons;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_ACCEPTED;
  record.accepted = &accepted;
  return batch_stage_accepted(core->staging, &record, event, core->now_ms);
}

// Seals under the seq that the record is about to get. False: there is no key; the event is not accepted.
static bool seal(struct core *core, const struct intake_event *e, const struct batch_event *row,
                 struct nav_buffer *sealed, struct nav_error *err) {
  const struct bucket_place bucket = {row->retention_class, row->bucket_day};
  struct content_place place = {core->sequence.log_id, batch_next_seq(core->staging), row->retention_class,
                                row->bucket_day};
  uint8_t key[CONTENT_KEY_SIZE];
  if (!buckets_key(core->buckets, &bucket, place.seq, true, key, err)) return false;
  nav_buffer_clear(sealed);
  bool ok = content_seal(&place, key, e->salt, e->bytes, e->length, sealed);
  sodium_memzero(key, sizeof key);
  return ok ? true
            : nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "", "the content could not be sealed");
}

static bool accept(struct core *core, struct publication *publication, size_t index, uint64_t published_seq,
                   const struct intake_known *known, struct nav_buffer *sealed,
                   Nav__V1__EventReceipt *receipt) {
  const struct intake_event *e = &publication->events[index];
  const Nav__V1__Event *event = e->event;
  struct batch_event row = {
      .agency = publication->agency_number,
      .revision = event->revision,
      .type = (uint32_t)event->body_case,
      .time_ms = event->time_ms,
      .retention_class = bucket_class(event),
      .bucket_day = (uint32_t)(core->now_ms / MS_A_DAY),
      .published_seq = published_seq,
  };
  memcpy(row.event_id, event->id.data, sizeof row.event_id);
  memcpy(row.digest, publication->digests + index * NAV_SHA256_SIZE, sizeof row.digest);
  struct nav_error err;
  if (!holds_have_room(core->holds, row.agency, access_lane_count(core->rules) + HOLDS_OF_CONTENT_MAX))
    return false;
  row.verdict = decide(core, event, row.agency, known);
  person_tokens persons;
  row.persons_count = persons_of_event(core->person_key, event, persons);
  row.persons = (const uint8_t(*)[BATCH_TOKEN_SIZE])persons;
  if (!seal(core, e, &row, sealed, &err)) {
    nav_log_failure(NAV_LOG_ERROR, "an event cannot be sealed", &err);
    return false;
  }
  const char *agency = core->numbers->agencies[publication->agency_number];
  uint64_t seq = stage_accepted(core, &row, agency, (uint32_t)index);
  struct head_entry *entry = head_entry_new(seq, row.verdict, row.bucket_day, e->bytes, e->length);
  NAV_ASSERT(entry != NULL);
  copy_ahead(core, entry, event);
  batch_stage_content(core->staging, &row, sealed->data, sealed->length, entry);
  struct known_event staged = {
      .agency = row.agency, .revision = row.revision, .seq = seq, .verdict = row.verdict};
  memcpy(staged.event_id, row.event_id, sizeof staged.event_id);
  memcpy(staged.digest, row.digest, sizeof staged.digest);
  recent_add(core->recent, &staged);
  known_add(core->known, staged.event_id);
  core_register_event(core, event, &row, seq);
  core_count_event(core, row.agency, row.verdict, seq);
  holds_open_event(core, seq, &row, event);
  if (event->body_case == NAV__V1__EVENT__BODY_RECALL) recall_stage(core, seq, event, row.agency, known);
  receipt->status = NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED;
  receipt->has_seq = true;
  receipt->seq = seq;
  return true;
}

// A receipt must fit one frame: past the first REASONS_MAX rejections the code and a short field path are
// enough.
static void shorten(Nav__V1__EventReceipt *receipts, size_t count) {
  enum { REASONS_MAX = 64, FIELD_MAX = 64 };
  size_t with_reason = 0;
  for (size_t i = 0; i < count; i++) {
    if (receipts[i].reason == NULL || ++with_reason <= REASONS_MAX) continue;
    receipts[i].reason = NULL;
    if (strlen(receipts[i].field) > FIELD_MAX) receipts[i].field = NULL;
  }
}

static void answer(struct core *core, const struct publication *publication,
                   Nav__V1__EventReceipt *receipts) {
  Nav__V1__EventReceipt *pointers[WIRE_EVENTS_MAX];
  shorten(receipts, publication->count);
  for (size_t i = 0; i < publication->count; i++) pointers[i] = &receipts[i];
  Nav__V1__Receipt receipt = NAV__V1__RECEIPT__INIT;
  receipt.has_number = true;
  receipt.number = publication->message->number;
  receipt.n_events = publication->count;
  receipt.events = pointers;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_RECEIPT;
  frame.receipt = &receipt;
  batch_answer_session(core->staging, publication->session_id, &frame);
}

void intake_stage(struct core *core, struct publication *publication, const struct intake_known *known) {
  static struct nav_buffer sealed;  // one thread; reused
  if (sealed.max == 0) nav_buffer_init(&sealed, SEALED_MAX);
  Nav__V1__EventReceipt receipts[WIRE_EVENTS_MAX];
  uint64_t published_seq = 0;
  for (size_t i = 0; i < publication->count; i++) {
    receipts[i] = (Nav__V1__EventReceipt)NAV__V1__EVENT_RECEIPT__INIT;
    receipts[i].has_status = true;
    if (!judge(core, publication, i, known, &receipts[i])) continue;
    if (published_seq == 0) published_seq = stage_published(core, publication);
    if (!accept(core, publication, i, published_seq, known, &sealed, &receipts[i])) {
      struct nav_error *err = &publication->events[i].error;
      (void)nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                     "the hub cannot keep it now; send it again");
      receipt_rejected(&receipts[i], err);
    }
  }
  answer(core, publication, receipts);
}
