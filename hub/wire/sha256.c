// See sha256.h. One fetched EVP_MD for the process and one context a thread, because fetching and allocating
// for each call would cost more than hashing a short event.
#include "hub/wire/sha256.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "hub/base/error.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static EVP_MD *digest;

static void free_context(void *context) { EVP_MD_CTX_free(context); }

static void prepare(void) {
  digest = EVP_MD_fetch(NULL, "SHA256", NULL);
  NAV_ASSERT(digest != NULL);
  NAV_ASSERT(EVP_MD_get_size(digest) == NAV_SHA256_SIZE);
  NAV_ASSERT(pthread_key_create(&context_key, free_context) == 0);
}

static EVP_MD_CTX *thread_context(void) {
  NAV_ASSERT(pthread_once(&once, prepare) == 0);
  EVP_MD_CTX *context = pthread_getspecific(context_key);
  if (context == NULL) {
    context = EVP_MD_CTX_new();
    NAV_ASSERT(context != NULL && EVP_DigestInit_ex2(context, digest, NULL) == 1);
    NAV_ASSERT(pthread_setspecific(context_key, context) == 0);
  }
  return context;
}

void nav_sha256(uint8_t out[NAV_SHA256_SIZE], const struct nav_bytes *parts, size_t count) {
  EVP_MD_CTX *context = thread_context();
  NAV_ASSERT(EVP_DigestInit_ex2(context, NULL, NULL) == 1);  // the same digest, and nothing is allocated
  for (size_t i = 0; i < count; i++) {
    NAV_ASSERT(EVP_DigestUpdate(context, parts[i].data, parts[i].length) == 1);
  }
  unsigned length = 0;
  NAV_ASSERT(EVP_DigestFinal_ex(context, out, &length) == 1);
  NAV_ASSERT(length == NAV_SHA256_SIZE);
}

// An EVP context under another name, so that callers need no OpenSSL.
static EVP_MD_CTX *context_of(struct nav_sha256_stream *stream) { return (void *)stream; }

struct nav_sha256_stream *nav_sha256_stream_new(void) {
  (void)thread_context();  // the digest is fetched
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context != NULL && EVP_DigestInit_ex2(context, digest, NULL) == 1) return (void *)context;
  EVP_MD_CTX_free(context);
  return NULL;
}

void nav_sha256_stream_add(struct nav_sha256_stream *stream, const void *data, size_t length) {
  NAV_ASSERT(EVP_DigestUpdate(context_of(stream), data, length) == 1);
}

void nav_sha256_stream_end(struct nav_sha256_stream *stream, uint8_t out[NAV_SHA256_SIZE]) {
  unsigned length = 0;
  NAV_ASSERT(EVP_DigestFinal_ex(context_of(stream), out, &length) == 1 && length == NAV_SHA256_SIZE);
}

void nav_sha256_stream_free(struct nav_sha256_stream *stream) { EVP_MD_CTX_free(context_of(stream)); }
