/** What to do about the codes that say more than that something failed. */
const advice: Readonly<Record<string, string>> = {
  CKR_HOST_MEMORY: "This machine has no memory left for the call.",
  CKR_DEVICE_MEMORY: "The token is full: destroy keys that are no longer needed.",
  CKR_DEVICE_REMOVED: "Check that the token is connected; the next call looks for it again.",
  CKR_DEVICE_ERROR: "Check that the token is connected; the next call looks for it again.",
  CKR_TOKEN_NOT_PRESENT: "Check that the token is connected; the next call looks for it again.",
  CKR_TOKEN_WRITE_PROTECTED: "The token is write-protected: no key can be made or destroyed on it.",
  CKR_SESSION_COUNT: "The token has no session left: lower sessions.max, here or in other programs that use it.",
  CKR_TOKEN_RESOURCE_EXCEEDED:
    "The token has too much to do: lower sessions.max, here or in other programs that use it.",
  CKR_SESSION_READ_ONLY: "The token gave a session that cannot write: check that it is not write-protected.",
  CKR_USER_NOT_LOGGED_IN: "Other code of this process logs the user out while keys are used; it must not.",
  CKR_USER_TYPE_INVALID: "Other code of this process is logged in as another user; it must not be.",
  CKR_USER_ANOTHER_ALREADY_LOGGED_IN: "Other code of this process is logged in as another user; it must not be.",
  CKR_MECHANISM_INVALID: "The token does not have this mechanism: `lanelock hsm probe` lists what it has.",
  CKR_MECHANISM_PARAM_INVALID: "The token does not take these parameters: `lanelock hsm probe` lists what it takes.",
  CKR_FUNCTION_NOT_SUPPORTED: "The token does not have this function: `lanelock hsm probe` lists what it can do.",
  CKR_KEY_FUNCTION_NOT_PERMITTED: "The attributes of the key on the token forbid this use.",
  CKR_ACTION_PROHIBITED: "The attributes of the key, or a policy of the token, forbid this.",
  CKR_KEY_SIZE_RANGE: "The token does not take keys of this length, or a policy of it forbids them.",
  CKR_KEY_EXHAUSTED: "The token has used the key as often as it allows: rotate the key.",
  CKR_FUNCTION_CANCELED: "The token, or its user, cancelled the call.",
};

/** A sentence to follow the code of a failed call. */
export function adviceFor(ckr: string): string {
  return advice[ckr] ?? "The log of the token or of its library may say more.";
}
