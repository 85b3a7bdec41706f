// See aead.h. As in sha256.c one fetched cipher for the process and one context a thread; a key is set anew
// for each message, which takes less than one kilobyte's sealing.
#include "hub/wire/aead.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static EVP_CIPHER *cipher;

static void free_context(void *context) { EVP_CIPHER_CTX_free(context); }

static void prepare(void) {
  cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
  NAV_ASSERT(cipher != NULL);
  NAV_ASSERT(EVP_CIPHER_get_key_length(cipher) == NAV_AEAD_KEY_SIZE);
  NAV_ASSERT(EVP_CIPHER_get_iv_length(cipher) == NAV_AEAD_NONCE_SIZE);
  NAV_ASSERT(pthread_key_create(&context_key, free_context) == 0);
}

static EVP_CIPHER_CTX *thread_context(void) {
  NAV_ASSERT(pthread_once(&once, prepare) == 0);
  EVP_CIPHER_CTX *context = pthread_getspecific(context_key);
  if (context == NULL) {
    context = EVP_CIPHER_CTX_new();
    NAV_ASSERT(context != NULL && pthread_setspecific(context_key, context) == 0);
  }
  return context;
}

// 4 zero bytes, then the number.
static void set_nonce(uint8_t nonce[NAV_AEAD_NONCE_SIZE], uint64_t number) {
  memset(nonce, 0, NAV_AEAD_NONCE_SIZE);
  nav_put_u64(nonce + NAV_AEAD_NONCE_SIZE - 8, number);
}

void nav_aead_seal(const uint8_t key[NAV_AEAD_KEY_SIZE], uint64_t number, uint8_t kind, const uint8_t *plain,
                   size_t length, uint8_t *out) {
  EVP_CIPHER_CTX *context = thread_context();
  uint8_t nonce[NAV_AEAD_NONCE_SIZE];
  int done = 0;
  NAV_ASSERT(length <= INT_MAX - NAV_AEAD_TAG_SIZE);
  set_nonce(nonce, number);
  NAV_ASSERT(EVP_EncryptInit_ex2(context, cipher, key, nonce, NULL) == 1);
  NAV_ASSERT(EVP_EncryptUpdate(context, NULL, &done, &kind, 1) == 1);
  if (length > 0)
    NAV_ASSERT(EVP_EncryptUpdate(context, out, &done, plain, (int)length) == 1 && done == (int)length);
  NAV_ASSERT(EVP_EncryptFinal_ex(context, out + length, &done) == 1 && done == 0);
  NAV_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, NAV_AEAD_TAG_SIZE, out + length) == 1);
}

bool nav_aead_open(const uint8_t key[NAV_AEAD_KEY_SIZE], uint64_t number, uint8_t kind, const uint8_t *sealed,
                   size_t length, uint8_t *out) {
  EVP_CIPHER_CTX *context = thread_context();
  uint8_t nonce[NAV_AEAD_NONCE_SIZE];
  uint8_t tag[NAV_AEAD_TAG_SIZE];
  int done = 0;
  NAV_ASSERT(length >= NAV_AEAD_TAG_SIZE && length <= INT_MAX);
  length -= NAV_AEAD_TAG_SIZE;
  memcpy(tag, sealed + length, sizeof tag);
  set_nonce(nonce, number);
  NAV_ASSERT(EVP_DecryptInit_ex2(context, cipher, key, nonce, NULL) == 1);
  NAV_ASSERT(EVP_DecryptUpdate(context, NULL, &done, &kind, 1) == 1);
  if (length > 0)
    NAV_ASSERT(EVP_DecryptUpdate(context, out, &done, sealed, (int)length) == 1 && done == (int)length);
  NAV_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, NAV_AEAD_TAG_SIZE, tag) == 1);
  uint8_t rest[NAV_AEAD_TAG_SIZE];  // GCM has none
  if (EVP_DecryptFinal_ex(context, rest, &done) == 1) return true;
  if (length > 0) OPENSSL_cleanse(out, length);
  return false;
}

void nav_aead_forget(void) { NAV_ASSERT(EVP_CIPHER_CTX_reset(thread_context()) == 1); }
