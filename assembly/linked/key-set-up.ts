// Key set-up of the engine's first module as the second sees it.

/** Expands the `length` bytes at `key` into an AES slot (cipher/aes-key-schedule.ts). */
@external("env", "aesExpand")
export declare function expandAes(slot: usize, key: usize, length: u32): void;

/** Makes the hash key of an AES-GCM slot whose cipher is expanded (mode/gcm.ts). */
@external("env", "aesGcmExpand")
export declare function expandAesGcm(slot: usize): void;
