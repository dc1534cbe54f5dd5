// The ABI of the engine's first module. It has the memory in which all modules work, and what belongs to no cipher. As in every module,
// the exports are the ABI and nothing else. Pointers are into that memory; the host places slots and runs from `slotsStart()` on and
// fills NONCE and IO.
import { equalTags } from "./equal";
import { IO, IO_SIZE, NONCE, NONCE_SIZE, RUN_SIZE, SLOTS, VERDICTS, VERDICTS_SIZE, wipeAllScratch, wipeBlocks } from "./memory";
import { pad as padBlock, paddingLength as lengthOfPadding } from "./padding";

export function io(): usize {
  return IO;
}

export function ioSize(): usize {
  return IO_SIZE;
}

export function nonce(): usize {
  return NONCE;
}

export function nonceSize(): usize {
  return NONCE_SIZE;
}

export function verdicts(): usize {
  return VERDICTS;
}

export function verdictsSize(): usize {
  return VERDICTS_SIZE;
}

export function slotsStart(): usize {
  return SLOTS;
}

export function runSize(): usize {
  return RUN_SIZE;
}

/** Zeroes `size` bytes from `at`; both are multiples of 16. */
export function wipe(at: usize, size: usize): void {
  wipeBlocks(at, size);
}

/** Zeroes all scratch, after a call that was interrupted. */
export function wipeScratch(): void {
  wipeAllScratch();
}

export function pad(data: usize, length: u32): u32 {
  return padBlock(data, length);
}

export function paddingLength(block: usize): u32 {
  return lengthOfPadding(block);
}

/** 1 if two blocks of 16 bytes are equal, else 0. */
export function equalBlocks(a: usize, b: usize): u32 {
  return equalTags(a, b, 16);
}
