// The table of commands: help, options, formats and exit codes all come from here. See ctl.h.
#include <string.h>

#include "hub/ctl/ctl.h"

enum {
  ROWS = 1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON | 1u << CTL_CSV,
  DOCUMENTS = 1u << CTL_TEXT | 1u << CTL_JSON | 1u << CTL_HTML,
};

static const struct ctl_option watch_options[] = {
    {"watch", NULL, "again every two seconds, until Ctrl-C"},
    {NULL, NULL, NULL},
};

static const struct ctl_option publish_options[] = {
    {"as", "AGENCY", "whose keys to sign with: agencies/AGENCY/keys of the installation"},
    {"wait", "TIME", "how long to wait without an answer, such as 30s (default 60s)"},
    {NULL, NULL, NULL},
};

static const struct ctl_option explain_options[] = {
    {"event", "FILE", "one event as CloudEvents JSON; - is standard input"},
    {"to", "AGENCY", "who would receive it"},
    {"purpose", "PURPOSE", "for which"},
    {"lang", "LANGUAGE", "sv (default) or en"},
    {NULL, NULL, NULL},
};

static const struct ctl_option rehearse_options[] = {
    {"since", "TIME", "what happened from then on: 30d (default), 2026-11-01"},
    {"until", "TIME", "and before then (default: now)"},
    {"reason", "TEXT", "why the events are opened; stands in the ledger (default: that it is a rehearsal)"},
    {NULL, NULL, NULL},
};

static const struct ctl_option load_options[] = {
    {"since", "TIME", "rehearse on what happened from then on: 30d (default); none: no rehearsal"},
    {"reason", "TEXT", "why the events are opened; stands in the ledger (default: that it is a rehearsal)"},
    {"dry-run", NULL, "build, check, test and rehearse, but load nothing"},
    {NULL, NULL, NULL},
};

static const struct ctl_option matrix_options[] = {
    {"from", "WHO", "sender: an agency, or a kind (social, police, school, …)"},
    {"to", "WHO", "recipient: the same"},
    {"event", "MESSAGE", "such as ConcernReport"},
    {"purpose", "PURPOSE", "as access/*.yaml names it"},
    {"class", "CLASS", "open, place, home, narrative, contact, identity, health, offence"},
    {"role", "ROLE", "of the person: child, suspect, victim, …, unknown"},
    {"outcome", "OUTCOME", "release, hold, counts"},
    {"lang", "LANGUAGE", "of the conditions: sv (default) or en"},
    {NULL, NULL, NULL},
};

static const struct ctl_option search_options[] = {
    {"since", "TIME", "not before: 7d, 36h, 2026-11-01, 2026-11-01T08:00:00Z"},
    {"until", "TIME", "before"},
    {"agency", "AGENCY", "sender, recipient or participant"},
    {"purpose", "PURPOSE", "for which it was shared or read"},
    {"basis", "BASIS", "legal basis, as law.yaml names it"},
    {"rule", "RULE", "access rule"},
    {"event", "ID", "everything about one event: 32 hexadecimal digits"},
    {"meeting", "MEETING", "read for it, or compiled for it"},
    {"reader", "PERSON", "who read"},
    {"kind", "KIND", "accepted, rejected, read, briefing_compiled, audit_read, …"},
    {"before", "SEQ", "older records than that one: to go on where a search ended"},
    {"limit", "N", "at most so many lines (default 1000)"},
    {"reason", "TEXT", "why you look; stands in the ledger"},
    {NULL, NULL, NULL},
};

static const struct ctl_option export_options[] = {
    {"out", "FILE", "the archive (POSIX tar) to write"},
    {"until", "SEQ", "up to this record (default: what the last checkpoint covers)"},
    {"reason", "TEXT", "why you take it; stands in the ledger"},
    {NULL, NULL, NULL},
};

static const struct ctl_option rules_options[] = {
    {"file", "NAME", "with SEQ: print that file alone, byte for byte, such as access/young-at-risk.yaml"},
    {"out", "FOLDER", "with SEQ: write the files into a new folder, for access check and explain"},
    {"limit", "N", "without SEQ: at most so many changes (default 1000)"},
    {"reason", "TEXT", "why you look; stands in the ledger"},
    {NULL, NULL, NULL},
};

static const struct ctl_option verify_options[] = {
    {"from", "SEQ", "with --to: those records alone, and their place under the newest checkpoint"},
    {"to", "SEQ", "the last of them"},
    {"offline", "FILE", "an export instead of the database; needs no hub"},
    {"key", "FILE", "with --offline: the hub's public keys, keys/hub.yaml"},
    {"reason", "TEXT", "why you look; stands in the ledger"},
    {NULL, NULL, NULL},
};

static const struct ctl_option refuse_options[] = {
    {"reason", "TEXT", "why; stands in the ledger"},
    {NULL, NULL, NULL},
};

static const struct ctl_option record_options[] = {
    {"lang", "LANGUAGE", "of the sentences: sv (default) or en"},
    {"reason", "TEXT", "why you look; stands in the ledger"},
    {NULL, NULL, NULL},
};

static const struct ctl_option prove_options[] = {
    {"out", "FILE", "write the proof there (default: standard output)"},
    {"from", "SIZE", "instead: that the newest checkpoint continues the one of that size"},
    {"check", "FILE", "instead: check a proof's file; needs no hub"},
    {"key", "FILE", "the hub's public keys for --check (default: the installation's keys/hub.yaml)"},
    {"reason", "TEXT", "why you look; stands in the ledger"},
    {NULL, NULL, NULL},
};

static const struct ctl_option person_options[] = {
    {"reason", "TEXT", "why you ask; stands in the ledger"},
    {"until", "TIME", "what was accepted before"},
    {"limit", "N", "at most so many events (default 1000)"},
    {"extract", "FILE", "write all of it there in plain words instead, for the person"},
    {"lang", "LANGUAGE", "of the extract: sv (default) or en"},
    {NULL, NULL, NULL},
};

static const struct ctl_option follow_up_options[] = {
    {"since", "TIME", "what was recorded from then on: 30d (default), 2026-11-01"},
    {"reason", "TEXT", "why you look; stands in the ledger"},
    {"lang", "LANGUAGE", "sv (default) or en"},
    {NULL, NULL, NULL},
};

static const struct ctl_option briefing_options[] = {
    {"for", "AGENCY", "with that agency's own annex, which nobody else may see"},
    {"part", "PART", "one part of the meeting (default: the first that you attend)"},
    {"reason", "TEXT", "why you open it; stands in the ledger (default: the meeting)"},
    {NULL, NULL, NULL},
};

static const struct ctl_option show_options[] = {
    {"reveal", "CLASSES", "preview with these classes alone, such as identity,offence"},
    {"persons", "NUMBERS", "preview with these persons alone, by their place in the event from 0"},
    {"as", "AGENCY", "open what is sealed to that agency with its keys: agencies/AGENCY/keys"},
    {"reason", "TEXT", "why you open it; stands in the ledger (default: the assessment)"},
    {"lang", "LANGUAGE", "sv (default) or en"},
    {NULL, NULL, NULL},
};

static const struct ctl_option release_options[] = {
    {"reason", "TEXT", "why; stands in the ledger"},
    {"conditions", "IDS",
     "the conditions that you find to hold, all that hold show (with --as, if sealed) lists: a,b,c"},
    {"reveal", "CLASSES", "less than the rule lets: these classes alone"},
    {"persons", "NUMBERS", "less than the rule lets: these persons alone, from 0"},
    {"as", "AGENCY",
     "release what is sealed to that agency with its keys: it is published for the hub to read"},
    {NULL, NULL, NULL},
};

static const struct ctl_option recall_options[] = {
    {"as", "AGENCY", "whose events they are; its keys in agencies/AGENCY/keys"},
    {"reason", "CODE", "wrong, unlawful or withdrawn"},
    {NULL, NULL, NULL},
};

static const struct ctl_option redeliver_options[] = {
    {"reason", "TEXT", "why; stands in the ledger"},
    {NULL, NULL, NULL},
};

static const struct ctl_option replay_options[] = {
    {"after", "POSITION", "from the one after this position of the lane"},
    {"since", "TIME", "from this time on: 7d, 36h, 2026-11-22 or RFC 3339"},
    {"reason", "TEXT", "why; stands in the ledger"},
    {NULL, NULL, NULL},
};

static const struct ctl_option retention_options[] = {
    {"reason", "TEXT", "why; stands in the ledger (default: that the time is up)"},
    {NULL, NULL, NULL},
};

static const struct ctl_option erase_options[] = {
    {"event", "AGENCY/ID,…", "the events, each with whose it is; more may follow as arguments"},
    {"person", "NUMBER", "instead: every event about this person"},
    {"basis", "TEXT", "the legal basis; stands in the ledger in clear"},
    {"reason", "TEXT", "why; stands in the ledger, sealed"},
    {"dry-run", NULL, "say what would be erased, who has had it and what stands against; change nothing"},
    {NULL, NULL, NULL},
};

static const struct ctl_option confirm_options[] = {
    {"note", "TEXT", "what was done; stands in the ledger"},
    {NULL, NULL, NULL},
};

const struct ctl_command ctl_commands[] = {
    {"status", "", 0, 0, "What the hub does now: rules, ledger, agencies, lanes",
     "  navctl status\n  navctl status --watch\n  navctl status -o json | jq .ledger.root\n", watch_options,
     ROWS, ctl_status},
    {"publish", "FILE", 1, 1, "Send events as an agency, with its keys, through nav-gate",
     "  navctl publish --as skolan events.ndjson\n  navctl publish --as skolan - < event.json\n\n"
     "FILE holds CloudEvents JSON: one event, a list, or one a line. One receipt a line is printed.\n",
     publish_options, ROWS, ctl_publish},
    {"access check", "[DIR]", 0, 1, "Every fault of the access rules, at its place",
     "  navctl access check\n  navctl access check drafts/config -o json\n\n"
     "DIR is a configuration folder (law.yaml, access/, agencies.yaml); without it, the installation's.\n",
     NULL, ROWS, ctl_access_check},
    {"access test", "[DIR]", 0, 1, "Run the rules' own tests (access/tests) and say what no test reaches",
     "  navctl access test\n  navctl access test drafts/config\n", NULL,
     1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON, ctl_access_test},
    {"access explain", "[DIR]", 0, 1, "Why an agency gets an event or not, and what would make it lawful",
     "  navctl access explain --event e.json --to polisen --purpose young-at-risk\n"
     "  navctl access explain drafts/config --event e.json --to polisen --purpose sig --lang en -o json\n",
     explain_options, 1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON, ctl_access_explain},
    {"access rehearse", "DIR", 1, 1,
     "What draft rules would have made of what has happened: who would see more, who less",
     "  navctl access rehearse drafts/config --since 30d\n"
     "  navctl access rehearse drafts/config --since 2026-11-01 --until 2026-11-15 -o json | jq .totals\n\n"
     "DIR is a configuration folder (law.yaml, access/, areas/, agencies.yaml). Events are opened for it, "
     "and the "
     "ledger\n"
     "says by whom. Told by recipient and purpose, in events and in person-days (a person on a day counts "
     "once).\n",
     rehearse_options, ROWS, ctl_access_rehearse},
    {"access load", "", 0, 0, "Put the installation's rules in force: rehearsed, checked, tested, recorded",
     "  navctl access load --dry-run\n  navctl access load\n  navctl access load --since none\n\n"
     "On any fault, or a test that fails, the rules in force stay.\n",
     load_options, 1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON, ctl_access_load},
    {"access matrix", "[DIR]", 0, 1, "Who can ever receive what from whom, and on which basis",
     "  navctl access matrix --from social --class identity --role child\n"
     "  navctl access matrix --to hyresgastforeningen -o csv > vem-far-vad.csv\n"
     "  navctl access matrix drafts/config --outcome release --lang en\n\n"
     "DIR is a configuration folder; without it, the installation's. UNLESS names forbids, HELD BY limits.\n",
     matrix_options, ROWS, ctl_access_matrix},
    {"hold list", "", 0, 0, "What waits for your agency's assessment, the most urgent first",
     "  navctl hold list --watch\n  navctl hold list -o json | jq '.[] | select(.urgent)'\n", watch_options,
     ROWS, ctl_hold_list},
    {"hold show", "HOLD", 1, 1, "One case: who asks and why, the conditions, exactly what would leave",
     "  navctl hold show 4021-3\n  navctl hold show 4021-3 --reveal identity\n", show_options,
     1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON, ctl_hold_show},
    {"hold release", "HOLD", 1, 1, "Release a case, or less of it than the rule lets",
     "  navctl hold release 4021-3 --reason 'Särskild risk, bedömd med föräldrarna' --conditions "
     "risk,helps,suitable\n"
     "  navctl hold release 4021-3 --reason '…' --conditions … --reveal identity\n",
     release_options, ROWS, ctl_hold_release},
    {"hold refuse", "HOLD", 1, 1, "Refuse a case; the recipient does not learn that it was there",
     "  navctl hold refuse 4021-3 --reason 'Uppgiften hjälper inte, och är olämplig att lämna'\n",
     refuse_options, ROWS, ctl_hold_refuse},
    {"recall send", "EVENT_ID…", 1, CTL_ARGUMENTS_MAX,
     "Take back events of your agency from everybody who has them",
     "  navctl recall send --as skolan --reason wrong 00004fbe0a1b2c3d4e5f60718293a4b5\n", recall_options,
     ROWS, ctl_recall_send},
    {"recall list", "", 0, 0, "What was taken back: of your agency, or of what you have read",
     "  navctl recall list\n", watch_options, ROWS, ctl_recall_list},
    {"recall status", "RECALL", 1, 1, "Who was told of a recall, who had read it, who has not confirmed",
     "  navctl recall status 5120 --watch\n", watch_options,
     1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON, ctl_recall_status},
    {"recall confirm", "RECALL", 1, 1, "Say that you have done with a recall what it asks",
     "  navctl recall confirm 5120 --note 'Struket ur akten'\n", confirm_options, 0, ctl_recall_confirm},
    {"audit verify", "", 0, 0, "Recompute the whole ledger and say which record is wrong",
     "  navctl audit verify\n  navctl audit verify -o json | jq .faults\n"
     "  navctl audit verify --from 4000 --to 4999\n"
     "  navctl audit verify --offline liggaren.tar --key hub.yaml\n",
     verify_options, 1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON, ctl_audit_verify},
    {"audit search", "", 0, 0, "Who shared or read what, by which rule; newest first",
     "  navctl audit search --since 7d\n  navctl audit search --agency polisen --basis osl-10-18a -o csv\n"
     "  navctl audit search --event 00004fbe0a1b2c3d4e5f60718293a4b5\n",
     search_options, ROWS, ctl_audit_search},
    {"audit show", "SEQ", 1, 1, "One record in plain words, and the checkpoint that covers it",
     "  navctl audit show 17\n  navctl audit show 17 --lang en\n", record_options,
     1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON, ctl_audit_show},
    {"audit prove", "[SEQ]", 0, 1,
     "A proof that a record stands in the ledger, for anybody to check without us",
     "  navctl audit prove 17 --out 17.tlog-proof\n  navctl audit prove --check 17.tlog-proof --key "
     "hub.yaml\n"
     "  navctl audit prove --from 4096\n\nThe file is a C2SP tlog-proof (c2sp.org/tlog-proof) with the "
     "record in it.\n",
     prove_options, 1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON, ctl_audit_prove},
    {"audit person", "NUMBER", 1, 1, "Everybody who could have, had or read anything about a person",
     "  navctl audit person 201201012380 --reason 'Begäran om registerutdrag, dnr 12'\n"
     "  navctl audit person 20120101-2380 --reason '…' --until 2026-11-01 -o csv > utdrag.csv\n"
     "  navctl audit person 20120101-2380 --reason 'Art. 15, dnr 12' --extract utdrag.txt\n\n"
     "NUMBER is a personal, coordination or interim number, with or without century and '-'. Ten digits mean "
     "who is\n"
     "under 100 today, '+' between them who is not. The ledger says who asked and why, and never the number. "
     "DELIVERED\n"
     "is yes once the recipient has acknowledged it, in record RECEIPT.\n",
     person_options, ROWS, ctl_audit_person},
    {"audit follow-up", "", 0, 0,
     "What stands out: when, how much and by whom was read, released, refused, erased",
     "  navctl audit follow-up --since 30d\n  navctl audit follow-up -o json | jq '.findings[].title'\n",
     follow_up_options, 1u << CTL_TABLE | 1u << CTL_JSON | 1u << CTL_NDJSON, ctl_audit_follow_up},
    {"audit rules", "[SEQ]", 0, 1, "Every change of rules, and the files that were in force at a record",
     "  navctl audit rules\n  navctl audit rules 4021\n"
     "  navctl audit rules 4021 --file access/young-at-risk.yaml\n"
     "  navctl audit rules 4021 --out then && navctl access explain then --event e.json --to polisen "
     "--purpose "
     "sig\n\n"
     "SEQ is any record: what held then is what the newest change up to it put in force.\n",
     rules_options, ROWS, ctl_audit_rules},
    {"audit export", "", 0, 0, "Records and signed checkpoints in one archive that anybody can check",
     "  navctl audit export --out liggaren.tar --reason \"review of November\"\n"
     "  navctl audit verify --offline liggaren.tar --key hub.yaml\n",
     export_options, 0, ctl_audit_export},
    {"lane list", "", 0, 0, "What recipients could not take, and was set aside", "  navctl lane list\n",
     watch_options, ROWS, ctl_lane_list},
    {"lane redeliver", "AGENCY PURPOSE POSITION", 3, 3,
     "Deliver once more what was set aside, under the rules in force now",
     "  navctl lane redeliver polisen situation-picture 4021 --reason 'Rättat hos mottagaren'\n",
     redeliver_options, ROWS, ctl_lane_redeliver},
    {"lane replay", "AGENCY PURPOSE", 2, 2,
     "Send a connected recipient again what it has had, under the rules in force now",
     "  navctl lane replay polisen situation-picture --since 7d --reason 'Återläst säkerhetskopia'\n"
     "  navctl lane replay polisen situation-picture --after 4000 --reason '…'\n",
     replay_options, ROWS, ctl_lane_replay},
    {"retention preview", "", 0, 0, "What content's time is up, and would be erased now",
     "  navctl retention preview\n  navctl retention preview -o json | jq length\n", NULL, ROWS,
     ctl_retention_preview},
    {"retention run", "", 0, 0, "Erase the content whose time is up: recorded, then its keys are destroyed",
     "  navctl retention run\n  navctl retention run --reason 'Gallring enligt plan' -o json\n\n"
     "Run daily by nav-retention.timer. What is erased cannot be had back; records stay.\n",
     retention_options, ROWS, ctl_retention_run},
    {"retention erase", "[AGENCY/ID…]", 0, CTL_ARGUMENTS_MAX,
     "Erase the content of single events, or of one person's, before its time",
     "  navctl retention erase --event skolan/00004fbe0a1b2c3d4e5f60718293a4b5 --dry-run --basis 'art. 17.1 "
     "d' "
     "--reason 'dnr 12'\n"
     "  navctl retention erase --person 201201012380 --basis 'art. 17.1 d GDPR' --reason 'Beslut dnr 12'\n\n"
     "What is erased cannot be had back; records stay. A Consent, and what somebody must yet answer, is kept "
     "and\n"
     "named. What recipients have had already is theirs: take it back with navctl recall send. Never write a "
     "name\n"
     "or a number in the basis.\n",
     erase_options, ROWS, ctl_retention_erase},
    {"meeting list", "", 0, 0, "The meetings that you may open", "  navctl meeting list\n", NULL, ROWS,
     ctl_meeting_list},
    {"briefing show", "MEETING", 1, 1, "The joint picture of a meeting",
     "  navctl briefing show bromma-lagesbild\n"
     "  navctl briefing show bromma-lagesbild -o html --for polisen --reason \"förberedelse\" > bild.html\n",
     briefing_options, DOCUMENTS, ctl_briefing_show},
    {"keys new", "AGENCY", 1, 1, "New keys of an agency, or of the hub itself",
     "  navctl keys new hub\n  navctl keys new skolan\n\n"
     "Private keys go to agencies/AGENCY/keys (hub: keys), public ones to config/keys/AGENCY.yaml. Keys that "
     "exist are\n"
     "never written over.\n",
     NULL, 0, ctl_keys_new},
    {"db upgrade", "", 0, 0, "Bring the database to this version's schema", "  navctl db upgrade\n", NULL, 0,
     ctl_db_upgrade},
    {"config check", "", 0, 0, "Every fault of the configuration, all files at once",
     "  navctl config check\n  navctl config check -o json\n", NULL, ROWS, ctl_config_check},
};
const size_t ctl_commands_count = sizeof ctl_commands / sizeof ctl_commands[0];

// NULL-terminated by what is left out.
static const struct {
  const char *command, *options[4];
} required[] = {
    {"publish", {"as"}},
    {"access explain", {"event", "to", "purpose"}},
    {"hold release", {"reason"}},
    {"hold refuse", {"reason"}},
    {"recall send", {"as", "reason"}},
    {"audit person", {"reason"}},
    {"audit export", {"out"}},
    {"lane redeliver", {"reason"}},
    {"lane replay", {"reason"}},
    {"retention erase", {"basis", "reason"}},
};

bool ctl_requires(const struct ctl_command *command, const char *option) {
  for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
    if (strcmp(required[i].command, command->name) != 0) continue;
    for (const char *const *at = required[i].options; *at != NULL; at++)
      if (strcmp(*at, option) == 0) return true;
  }
  return false;
}
