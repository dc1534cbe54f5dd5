// Client requests of valgrind's memcheck, for JavaScript: which bytes are secret, which no longer are. Memcheck calls them
// undefined and defined.
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <valgrind/memcheck.h>

struct bytes {
  void *at;
  size_t length;
};

/** The bytes of the first argument, a Uint8Array. */
static struct bytes bytes_of(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_typedarray_type type;
  struct bytes bytes = {NULL, 0};
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_typedarray_info(env, argument, &type, &bytes.length, &bytes.at, NULL, NULL);
  return bytes;
}

/** Marks bytes secret. */
static napi_value secret(napi_env env, napi_callback_info info) {
  struct bytes bytes = bytes_of(env, info);
  if (bytes.length > 0) VALGRIND_MAKE_MEM_UNDEFINED(bytes.at, bytes.length);
  return NULL;
}

/** Marks bytes public. */
static napi_value declassify(napi_env env, napi_callback_info info) {
  struct bytes bytes = bytes_of(env, info);
  if (bytes.length > 0) VALGRIND_MAKE_MEM_DEFINED(bytes.at, bytes.length);
  return NULL;
}

/** The same number or boolean, public. */
static napi_value declassify_number(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, result;
  int32_t number = 0;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_int32(env, argument, &number);
  VALGRIND_MAKE_MEM_DEFINED(&number, sizeof number);
  napi_create_int32(env, number, &result);
  return result;
}

/** Writes a line to valgrind's log. */
static napi_value note(napi_env env, napi_callback_info info) {
  size_t count = 1, length = 0;
  napi_value argument;
  char text[256];
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_string_utf8(env, argument, text, sizeof text, &length);
  VALGRIND_PRINTF("note: %s\n", text);
  return NULL;
}

/** How many errors valgrind has seen so far, each as often as it happened. */
static napi_value errors(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
  napi_create_uint32(env, VALGRIND_COUNT_ERRORS, &result);
  return result;
}

static napi_value running(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
  napi_get_boolean(env, RUNNING_ON_VALGRIND > 0, &result);
  return result;
}

static void export(napi_env env, napi_value exports, const char *name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function);
  napi_set_named_property(env, exports, name, function);
}

NAPI_MODULE_INIT() {
  export(env, exports, "secret", secret);
  export(env, exports, "declassify", declassify);
  export(env, exports, "declassifyNumber", declassify_number);
  export(env, exports, "note", note);
  export(env, exports, "errors", errors);
  export(env, exports, "running", running);
  return exports;
}
