// agencies.yaml: who takes part, in which purposes, with which public keys; and the persons of the hub.
// Public keys stand in config/keys/<agency>.yaml (curve: hex, signing: hex, witness: hex), written by `navctl
// keys new`. An agency without a witness key is no cosigner of checkpoints, which is no fault. Called by:
// gate (curve keys), core (signing and witness keys, lanes), desk (persons), rules. Must never: hold a
// private key.
#ifndef NAV_CONF_AGENCIES_H
#define NAV_CONF_AGENCIES_H

#include <stdint.h>
#include <sys/types.h>

#include "hub/conf/faults.h"
#include "hub/conf/folder.h"
#include "hub/conf/tree.h"

enum { CONF_AGENCIES_MAX = 1000, CONF_PURPOSES_MAX = 64 };

struct conf_agency {
  char *id;        // [a-z0-9-]
  char *title;     // Swedish, for people
  char *kind;      // police, social, school, housing, city, region, rescue, probation, insurance, jobs, civil
  char *form;      // authority, municipal-company, private, association
  char **secrecy;  // the secrecy its functions work under: "osl-26-1"
  size_t secrecy_count;
  char **groups;
  size_t groups_count;
  char **areas;  // areas it is responsible for (social boards above all)
  size_t areas_count;
  char **purposes;  // purposes it takes part in
  size_t purposes_count;
  char **assessors;  // persons' ids
  size_t assessors_count;
  char *on_call;  // a desk's name; may be NULL
  bool has_keys;
  uint8_t curve_key[32];
  uint8_t signing_key[32];
  bool has_witness_key;
  uint8_t witness_key[32];  // of its cosignatures (ledger/cosignature.h)
  int line, column;         // in agencies.yaml, for faults that other loaders find
};

enum conf_person_role {
  CONF_ROLE_READER = 1,
  CONF_ROLE_CHAIR = 2,
  CONF_ROLE_ASSESSOR = 4,
  CONF_ROLE_AUDITOR = 8,
  CONF_ROLE_OPERATOR = 16
};

struct conf_person {
  char *id;
  char *title;
  char *agency;
  char *system_user;  // may be NULL
  unsigned roles;     // of conf_person_role
  // Of an auditor: the agencies whose records they may see. Not said: their own agency's.
  bool mandate_all;
  char **mandate;
  size_t mandate_count;
  struct conf_node *mandate_node;  // as the file has it; for the loader alone
};

struct conf_agencies {
  struct conf_agency *agencies;
  size_t agencies_count;
  struct conf_person *persons;
  size_t persons_count;
};

struct conf_agencies *conf_agencies_load(const char *config_folder, struct conf_faults *faults);
// From memory: a draft, which knows no keys unless they are among the texts.
struct conf_agencies *conf_agencies_load_texts(const struct conf_texts *texts, struct conf_faults *faults);
void conf_agencies_free(struct conf_agencies *agencies);  // takes NULL
const struct conf_agency *conf_agency_find(const struct conf_agencies *agencies, const char *id);
const struct conf_agency *conf_agency_by_curve_key(const struct conf_agencies *agencies,
                                                   const uint8_t key[32]);
// By the caller's uid (SO_PEERCRED). NULL: nobody known.
const struct conf_person *conf_person_by_uid(const struct conf_agencies *agencies, uid_t uid);

#endif
