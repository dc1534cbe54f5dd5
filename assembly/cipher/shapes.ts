// What modes know of each cipher beforehand: the same in all modules of the engine (encryption.ts explains the words).
export const AES_LANES: u32 = 32, AES_GROUP: u32 = 8, AES_FEW: u32 = 11, AES_OVER: u32 = 1;
export const SM4_LANES: u32 = 128, SM4_GROUP: u32 = 32, SM4_FEW: u32 = 16, SM4_OVER: u32 = 16;

/** Blocks of AES that go by rows at a time, and from how many on that pays. */
export const AES_BULK: u32 = 64, AES_BULK_FROM: u32 = 128;

/** The offset of the number of AES's rounds, 4 bytes, and of its round keys for vector permutation. */
export const AES_ROUNDS: usize = 0, AES_SERIAL_KEYS: usize = 16;

/** Bytes of an expanded key: what comes before the 15 round keys of AES in planes, the 32 of SM4, and these. */
export const AES_PLANE_KEYS: usize = 256, AES_SIZE: usize = AES_PLANE_KEYS + 15 * 128;
export const SM4_PLANE_KEYS: usize = 512, SM4_SIZE: usize = SM4_PLANE_KEYS + 32 * 128;
