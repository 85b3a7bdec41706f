// Several long results of one snapshot read beside one another over one connection: while a page of each is
// gone through, the server works at the next ones (libpq's pipeline), so that neither waits for the other. A
// page is a statement of its own, from where the one before ended: a cursor's FETCH would have the server
// store each page before it sends it, which costs as much as reading it. Memory: of each result two pages,
// each of about DESK_PAGE_BYTES by what the rows of the page before were like, and of DESK_PAGE_ROWS at most.
// Called by: verify_rows.c. Must never: be used beside other queries of the connection, between
// desk_pages_open and desk_pages_close.
#ifndef NAV_DESK_PAGES_H
#define NAV_DESK_PAGES_H

#include "hub/desk/database.h"

enum { DESK_PAGES_MAX = 9, DESK_PAGE_ROWS = 1000, DESK_PAGE_BYTES = 512 * 1024 };

struct desk_pages;

// One result under way; page and row are the next row's, as of desk_cursor.
struct desk_paged {
  const char *name;  // an identifier of ours
  // Column 0 is a bigint above 0 in whose order rows come, and the statement ends in what that order is:
  // pages add where they begin. Rows with the same number come in the same order however often they are asked
  // for, or their count alone is right.
  const char *sql;        // "SELECT key, … FROM … WHERE … key >= $1"
  const char *order;      // "key, …"; NULL: sql is whole, has no parameter and is sorted once, by a cursor
  PGresult *page, *next;  // next: it has come, and is not looked at yet
  int64_t key;            // of the last row of page
  uint64_t passed;        // rows with that key that have come
  int row, rows;
  int asked;  // rows of the page that is under way, or of next
  bool ended;
};

struct desk_pages {
  struct desk_database *database;
  struct desk_paged *results;
  size_t count;
  size_t queue[DESK_PAGES_MAX];  // whose pages are under way, the oldest first
  size_t queued;
  bool open;
};

// results: of the caller, with name and sql set; outlives pages. False: *err; close it all the same.
NAV_MUST_USE bool desk_pages_open(struct desk_pages *pages, struct desk_database *database,
                                  struct desk_paged *results, size_t count, struct nav_error *err);
// 1: results[which].page and .row are the next row, until the next call for it; 0: no more; -1: *err.
int desk_pages_next(struct desk_pages *pages, size_t which, struct nav_error *err);
// Takes what is under way off the connection, so that it serves others.
void desk_pages_close(struct desk_pages *pages);

#endif
