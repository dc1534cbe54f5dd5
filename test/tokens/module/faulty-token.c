/*
 * A PKCS#11 module for tests: it passes every call to a real one (SoftHSM) and can, told through a shared file, take the token
 * away, restart it, log it out, make it slow, let it hang and let one call fail. It also has the SM4 of a made-up vendor, whose
 * bytes come from another Node's OpenSSL and whose parameters it checks as a strict token would.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <pkcs11/pkcs11.h>

#define CKM_SM4_KEY_GEN 0x80000101UL
#define CKM_SM4_GCM 0x80000107UL
#define CKK_SM4 0x80000102UL
#define SESSIONS 4096

/* What the test sets, and what it reads: the order is that of faulty-token.ts. */
struct control {
  int32_t removed;        /* 1: the token is not there */
  int32_t restarts;       /* grows: finalize and initialize the real module under everybody's feet */
  int32_t logouts;        /* grows: log the user out */
  int32_t delay_ms;       /* every C_Encrypt, C_Decrypt and C_Sign takes so long */
  int32_t hang;           /* 1: they do not return until it is 0 */
  int32_t fail_next;      /* CKR code that the next of them returns, once */
  int32_t max_sessions;   /* 0: no limit */
  int32_t logins;         /* C_Login calls so far */
  int32_t open_sessions;  /* sessions open now */
  int32_t calls;          /* C_Encrypt, C_Decrypt and C_Sign calls begun so far */
  int32_t token_flags;    /* more flags that the token shows, CKF_USER_PIN_FINAL_TRY for example */
};

static struct control *control;
static CK_FUNCTION_LIST table;
static CK_FUNCTION_LIST_PTR real;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int32_t restarts_done, logouts_done;

struct sm4_operation {
  int active;
  CK_BYTE key[16], iv[12];
  char aad[2 * 8192 + 1];
};
static struct sm4_operation sm4[SESSIONS];

static void restart_if_told(void) {
  if (__atomic_load_n(&control->restarts, __ATOMIC_SEQ_CST) == restarts_done) return;
  pthread_rwlock_wrlock(&lock);
  if (control->restarts != restarts_done) {
    CK_C_INITIALIZE_ARGS args = {0};
    args.flags = CKF_OS_LOCKING_OK;
    restarts_done = control->restarts;
    control->open_sessions = 0;
    real->C_Finalize(NULL);
    real->C_Initialize(&args);
  }
  pthread_rwlock_unlock(&lock);
}

static CK_RV enter(CK_SESSION_HANDLE session) {
  restart_if_told();
  pthread_rwlock_rdlock(&lock);
  if (control->removed) return CKR_DEVICE_REMOVED;
  int32_t logouts = __atomic_load_n(&control->logouts, __ATOMIC_SEQ_CST);
  if (session != 0 && __atomic_exchange_n(&logouts_done, logouts, __ATOMIC_SEQ_CST) != logouts) real->C_Logout(session);
  return CKR_OK;
}

static CK_RV leave(CK_RV rv) {
  pthread_rwlock_unlock(&lock);
  return rv;
}

static CK_RV trouble(void) {
  __atomic_add_fetch(&control->calls, 1, __ATOMIC_SEQ_CST);
  if (control->delay_ms > 0) usleep(control->delay_ms * 1000);
  while (control->hang) usleep(1000);
  CK_RV code = (CK_RV)(uint32_t)__atomic_exchange_n(&control->fail_next, 0, __ATOMIC_SEQ_CST);
  return code == 0 && control->removed ? CKR_DEVICE_REMOVED : code;
}

#define PASS(session, call)                 \
  CK_RV rv = enter(session);                \
  return leave(rv == CKR_OK ? (call) : rv);

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
  if (enter(0) != CKR_OK) {
    *count = 0;
    return leave(CKR_OK);
  }
  return leave(real->C_GetSlotList(present, slots, count));
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  CK_RV rv = enter(0);
  if (rv == CKR_OK) rv = real->C_GetTokenInfo(slot, info);
  if (rv == CKR_OK) info->flags |= (CK_ULONG)control->token_flags;
  return leave(rv);
}

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count) {
  CK_ULONG room = *count;
  CK_RV rv = enter(0);
  if (rv == CKR_OK) rv = real->C_GetMechanismList(slot, list, count);
  if (rv == CKR_OK && list != NULL) {
    if (*count + 2 > room) return leave(CKR_BUFFER_TOO_SMALL);
    list[*count] = CKM_SM4_KEY_GEN;
    list[*count + 1] = CKM_SM4_GCM;
  }
  if (rv == CKR_OK) *count += 2;
  return leave(rv);
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info) {
  if (type == CKM_SM4_KEY_GEN || type == CKM_SM4_GCM) {
    info->ulMinKeySize = info->ulMaxKeySize = 16;
    info->flags = CKF_HW | (type == CKM_SM4_GCM ? CKF_ENCRYPT | CKF_DECRYPT : CKF_GENERATE);
    return CKR_OK;
  }
  PASS(0, real->C_GetMechanismInfo(slot, type, info))
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR app, CK_NOTIFY notify, CK_SESSION_HANDLE_PTR session) {
  CK_RV rv = enter(0);
  if (rv != CKR_OK) return leave(CKR_TOKEN_NOT_PRESENT);
  if (control->max_sessions > 0 && control->open_sessions >= control->max_sessions) return leave(CKR_SESSION_COUNT);
  rv = real->C_OpenSession(slot, flags, app, notify, session);
  if (rv == CKR_OK) __atomic_add_fetch(&control->open_sessions, 1, __ATOMIC_SEQ_CST);
  return leave(rv);
}

static CK_RV close_session(CK_SESSION_HANDLE session) {
  CK_RV rv = enter(0);
  if (session < SESSIONS) sm4[session].active = 0;
  if (rv == CKR_OK) rv = real->C_CloseSession(session);
  if (rv == CKR_OK) __atomic_sub_fetch(&control->open_sessions, 1, __ATOMIC_SEQ_CST);
  return leave(rv);
}

static CK_RV get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info) {
  PASS(session, real->C_GetSessionInfo(session, info))
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE type, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  __atomic_add_fetch(&control->logins, 1, __ATOMIC_SEQ_CST);
  PASS(0, real->C_Login(session, type, pin, length))
}

static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count) {
  PASS(session, real->C_FindObjectsInit(session, template, count))
}

/* An SM4 key is a generic secret of the real token, which has no other generic secrets here. */
static CK_RV make_sm4(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR given, CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
  CK_ATTRIBUTE made[64];
  CK_BYTE value[16];
  CK_KEY_TYPE type = CKK_GENERIC_SECRET;
  CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
  CK_ULONG n = 0;
  int has_value = 0, right_type = 0;
  if (count > 48) return CKR_TEMPLATE_INCONSISTENT;
  for (CK_ULONG i = 0; i < count; i++) {
    CK_ATTRIBUTE a = given[i];
    if (a.type == CKA_VALUE) {
      if (a.ulValueLen != 16) return CKR_ATTRIBUTE_VALUE_INVALID;
      memcpy(value, a.pValue, 16);
      has_value = 1;
    } else if (a.type == CKA_KEY_TYPE) {
      right_type = *(CK_KEY_TYPE *)a.pValue == CKK_SM4;
    } else if (a.type == CKA_VALUE_LEN) {
      return CKR_TEMPLATE_INCONSISTENT; /* SM4 has one length */
    } else if (a.type == CKA_ALLOWED_MECHANISMS) {
      if (a.ulValueLen != 8 || *(CK_MECHANISM_TYPE *)a.pValue != CKM_SM4_GCM) return CKR_ATTRIBUTE_VALUE_INVALID;
    } else if (a.type != CKA_SENSITIVE && a.type != CKA_EXTRACTABLE) {
      made[n++] = a;
    }
  }
  if (!right_type) return CKR_TEMPLATE_INCONSISTENT;
  if (!has_value && real->C_GenerateRandom(session, value, 16) != CKR_OK) return CKR_DEVICE_ERROR;
  made[n++] = (CK_ATTRIBUTE){CKA_KEY_TYPE, &type, sizeof type};
  made[n++] = (CK_ATTRIBUTE){CKA_VALUE, value, 16};
  made[n++] = (CK_ATTRIBUTE){CKA_SENSITIVE, &no, sizeof no};
  made[n++] = (CK_ATTRIBUTE){CKA_EXTRACTABLE, &yes, sizeof yes};
  return real->C_CreateObject(session, made, n, key);
}

static int is_sm4(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  CK_KEY_TYPE type = 0;
  CK_ATTRIBUTE ask = {CKA_KEY_TYPE, &type, sizeof type};
  return real->C_GetAttributeValue(session, object, &ask, 1) == CKR_OK && type == CKK_GENERIC_SECRET;
}

static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR ask, CK_ULONG count) {
  CK_RV rv = enter(session);
  if (rv == CKR_OK) rv = real->C_GetAttributeValue(session, object, ask, count);
  if (rv != CKR_OK || !is_sm4(session, object)) return leave(rv);
  for (CK_ULONG i = 0; i < count; i++) {
    if (ask[i].pValue == NULL) continue;
    if (ask[i].type == CKA_KEY_TYPE) *(CK_KEY_TYPE *)ask[i].pValue = CKK_SM4;
    if (ask[i].type == CKA_SENSITIVE) *(CK_BBOOL *)ask[i].pValue = CK_TRUE;
    if (ask[i].type == CKA_EXTRACTABLE) *(CK_BBOOL *)ask[i].pValue = CK_FALSE;
  }
  return leave(rv);
}

static CK_RV create_object(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR key) {
  CK_RV rv = enter(session);
  for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
    if (template[i].type == CKA_KEY_TYPE && *(CK_KEY_TYPE *)template[i].pValue == CKK_SM4) {
      return leave(make_sm4(session, template, count, key));
    }
  }
  return leave(rv == CKR_OK ? real->C_CreateObject(session, template, count, key) : rv);
}

static CK_RV generate_key(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_ATTRIBUTE_PTR t, CK_ULONG n, CK_OBJECT_HANDLE_PTR key) {
  CK_RV rv = enter(session);
  if (rv == CKR_OK && m->mechanism == CKM_SM4_KEY_GEN) {
    return leave(m->pParameter == NULL ? make_sm4(session, t, n, key) : CKR_MECHANISM_PARAM_INVALID);
  }
  return leave(rv == CKR_OK ? real->C_GenerateKey(session, m, t, n, key) : rv);
}

static void to_hex(char *hex, const CK_BYTE *bytes, CK_ULONG length) {
  for (CK_ULONG i = 0; i < length; i++) sprintf(hex + 2 * i, "%02x", bytes[i]);
  hex[2 * length] = 0;
}

/* CK_GCM_PARAMS as PKCS#11 v2.40 (errata) has it: IV length in bytes and again in bits, 96 of them, and a tag of 128 bits. */
static CK_RV begin_sm4(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key) {
  CK_GCM_PARAMS_PTR p = m->pParameter;
  if (session >= SESSIONS) return CKR_SESSION_HANDLE_INVALID;
  if (sm4[session].active) return CKR_OPERATION_ACTIVE;
  if (m->ulParameterLen != sizeof(CK_GCM_PARAMS) || p == NULL) return CKR_MECHANISM_PARAM_INVALID;
  if (p->pIv == NULL || p->ulIvLen != 12 || p->ulIvBits != 96 || p->ulTagBits != 128) return CKR_MECHANISM_PARAM_INVALID;
  if ((p->pAAD == NULL) != (p->ulAADLen == 0) || p->ulAADLen > 8192) return CKR_MECHANISM_PARAM_INVALID;
  CK_ATTRIBUTE ask = {CKA_VALUE, sm4[session].key, 16};
  if (real->C_GetAttributeValue(session, key, &ask, 1) != CKR_OK) return CKR_KEY_HANDLE_INVALID;
  if (!is_sm4(session, key) || ask.ulValueLen != 16) return CKR_KEY_TYPE_INCONSISTENT;
  memcpy(sm4[session].iv, p->pIv, 12);
  to_hex(sm4[session].aad, p->pAAD, p->ulAADLen);
  sm4[session].active = 1;
  return CKR_OK;
}

/* Asks the Node named by LANELOCK_SM4_NODE; its program prints the result in hex, or nothing for a forgery. */
static CK_RV run_sm4(const char *direction, CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR room) {
  char key[33], iv[25];
  char *data = malloc(2 * length + 1), *command = malloc(2 * length + 20000);
  to_hex(key, sm4[session].key, 16);
  to_hex(iv, sm4[session].iv, 12);
  to_hex(data, in, length);
  snprintf(command, 2 * length + 20000, "'%s' '%s' %s %s %s '%s' '%s'", getenv("LANELOCK_SM4_NODE"),
           getenv("LANELOCK_SM4_PROGRAM"), direction, key, iv, sm4[session].aad, data);
  sm4[session].active = 0;
  FILE *answer = popen(command, "r");
  CK_ULONG n = 0;
  unsigned byte;
  while (answer != NULL && n < *room && fscanf(answer, "%2x", &byte) == 1) out[n++] = byte;
  int status = answer == NULL ? -1 : pclose(answer);
  free(data);
  free(command);
  *room = n;
  return status == 0 ? CKR_OK : CKR_ENCRYPTED_DATA_INVALID;
}

static CK_RV encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key) {
  CK_RV rv = enter(session);
  if (rv == CKR_OK && m->mechanism == CKM_SM4_GCM) return leave(begin_sm4(session, m, key));
  return leave(rv == CKR_OK ? real->C_EncryptInit(session, m, key) : rv);
}

static CK_RV decrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key) {
  CK_RV rv = enter(session);
  if (rv == CKR_OK && m->mechanism == CKM_SM4_GCM) return leave(begin_sm4(session, m, key));
  return leave(rv == CKR_OK ? real->C_DecryptInit(session, m, key) : rv);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key) {
  PASS(session, real->C_SignInit(session, m, key))
}

static CK_RV do_encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR room) {
  CK_RV rv = trouble();
  if (rv != CKR_OK) return rv;
  rv = enter(0);
  if (rv == CKR_OK && session < SESSIONS && sm4[session].active) return leave(run_sm4("encrypt", session, in, n, out, room));
  return leave(rv == CKR_OK ? real->C_Encrypt(session, in, n, out, room) : rv);
}

static CK_RV do_decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR room) {
  CK_RV rv = trouble();
  if (rv != CKR_OK) return rv;
  rv = enter(0);
  if (rv == CKR_OK && session < SESSIONS && sm4[session].active) return leave(run_sm4("decrypt", session, in, n, out, room));
  return leave(rv == CKR_OK ? real->C_Decrypt(session, in, n, out, room) : rv);
}

static CK_RV do_sign(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR room) {
  CK_RV rv = trouble();
  if (rv != CKR_OK) return rv;
  rv = enter(0);
  return leave(rv == CKR_OK ? real->C_Sign(session, in, n, out, room) : rv);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  int file = open(getenv("LANELOCK_FAULTY_CONTROL"), O_RDWR);
  void *library = dlopen(getenv("LANELOCK_FAULTY_MODULE"), RTLD_NOW | RTLD_LOCAL);
  if (file < 0 || library == NULL) return CKR_GENERAL_ERROR;
  control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
  if (control == MAP_FAILED || get == NULL || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
  restarts_done = control->restarts;
  logouts_done = control->logouts;
  table = *real;
  table.C_GetSlotList = get_slot_list;
  table.C_GetTokenInfo = get_token_info;
  table.C_GetMechanismList = get_mechanism_list;
  table.C_GetMechanismInfo = get_mechanism_info;
  table.C_OpenSession = open_session;
  table.C_CloseSession = close_session;
  table.C_GetSessionInfo = get_session_info;
  table.C_Login = login;
  table.C_FindObjectsInit = find_objects_init;
  table.C_GetAttributeValue = get_attribute_value;
  table.C_CreateObject = create_object;
  table.C_GenerateKey = generate_key;
  table.C_EncryptInit = encrypt_init;
  table.C_Encrypt = do_encrypt;
  table.C_DecryptInit = decrypt_init;
  table.C_Decrypt = do_decrypt;
  table.C_SignInit = sign_init;
  table.C_Sign = do_sign;
  *list = &table;
  return CKR_OK;
}
