/** All tables of assembly/cipher/aes-serial.ts in order, 16 bytes each. */
export function aesTables(): number[][];
/** All tables of assembly/cipher/sm4-serial.ts in order, 16 bytes each. */
export function sm4Tables(): number[][];
