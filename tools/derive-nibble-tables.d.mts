/** All tables of assembly/cipher/aes-vector-permute.ts in order, 16 bytes each. */
export function aesTables(): number[][];
export function inverseAesTables(): number[][];
/** All tables of assembly/cipher/sm4-vector-permute.ts in order, 16 bytes each. */
export function sm4Tables(): number[][];
