// Key set-up of the module of AES as that of further modes sees it.

/** Expands the `length` bytes at `key` into an AES slot (cipher/aes-key-schedule.ts). */
@external("aes", "aesExpand")
export declare function expandAes(slot: usize, key: usize, length: u32): void;

/** Makes the hash key of an AES-GCM slot whose cipher is expanded (mode/gcm.ts). */
@external("aes", "aesGcmExpand")
export declare function expandAesGcm(slot: usize): void;
