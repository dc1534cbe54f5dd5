// Two comparisons as they are written by those who do not think of timing: both stop at the first wrong byte. Around them the
// least that lets the scenarios of the engine run: a "tag" that is the key. The search must find that it leaks.
import { RUN_SIZE } from "../../../assembly/memory";

export function runSize(): usize {
  return RUN_SIZE;
}

export function sm4Expand(slot: usize, key: usize, length: u32): void {
  memory.copy(slot, key, length);
}

export function sm4GcmExpand(_slot: usize): void {}

export function sm4GcmStart(slot: usize, run: usize, _nonce: u32): void {
  memory.copy(run, slot, 16);
}

export function sm4GcmAad(_slot: usize, _run: usize, _data: usize, _length: u32): void {}

export function sm4GcmHashText(_slot: usize, _run: usize, _data: usize, _length: u32): void {}

export function sm4GcmKeystream(_slot: usize, _run: usize, _data: usize, _length: u32): void {}

export function sm4GcmTag(_slot: usize, run: usize, tag: usize): void {
  memory.copy(tag, run, 16);
}

export function sm4GcmVerify(_slot: usize, run: usize, tag: usize, length: u32): u32 {
  for (let i: u32 = 0; i < length; ++i) if (load<u8>(run + i) != load<u8>(tag + i)) return 0;
  return 1;
}

export function paddingLength(block: usize): u32 {
  const count = <u32>load<u8>(block, 15);
  if (count == 0 || count > 16) return 0;
  for (let i = 16 - count; i < 16; ++i) if (load<u8>(block + i) != count) return 0;
  return count;
}
