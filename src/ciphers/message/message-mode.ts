// What distinguishes the AEADs that seal whole messages. The caller of a mode is in a call of the engine, and has given the message a
// slot of its own.

/** In bytes. */
export interface MessageLengths {
  readonly nonce: number;
  readonly aad: number;
  readonly text: number;
}

/** The addresses of a key's slot and of a message's. */
export interface MessageSlots {
  readonly key: number;
  readonly message: number;
}

export interface MessageMode {
  readonly tagLength: number;
  /** Bytes of a nonce; of one that `managedNonce` draws, if there is a choice. */
  readonly nonceLength: number;
  /** How many messages one key may seal under random nonces of that length. */
  readonly randomNonces: number;
  /** What the tag covers besides the additional data. If it is the plaintext, the tag is known before anything is encrypted. */
  readonly covers: "plaintext" | "ciphertext";
  /** Bytes of a message's slot, a multiple of 16. */
  readonly size: number;

  /** @throws LanelockError `ERR_NONCE` for a length of nonce that the mode does not take */
  checkNonce(length: number): void;
  /** @throws LanelockError `ERR_LIMIT` for more bytes than the mode takes */
  checkLengths(lengths: MessageLengths): void;

  /** Begins a message, whose nonce is in the engine's NONCE. `seal` or `open` follows if it comes at once, the other steps if in parts. */
  start(slots: MessageSlots, lengths: MessageLengths, comes: "at once" | "in parts"): void;
  /** Authenticates a part of the additional data, a multiple of 16 bytes unless it is the last. So for the two that follow. */
  hashAad(slots: MessageSlots, at: number, length: number): void;
  /** Authenticates a part of the text that the tag covers. */
  hashText(slots: MessageSlots, at: number, length: number): void;
  /** Encrypts or decrypts a part of the text in place. */
  addKeystream(slots: MessageSlots, at: number, length: number): void;
  /** The tag of 16 bytes, to `at`. Encryption may follow. */
  tag(slots: MessageSlots, at: number, lengths: MessageLengths): void;
  /** Takes the tag at `at` of a message that is decrypted before it is verified. */
  receive(slots: MessageSlots, at: number): void;
  /** Whether the tag is the one at `at`. */
  verify(slots: MessageSlots, at: number, lengths: MessageLengths): boolean;

  /** Seals a message in one call: the additional data at `data`, room to a multiple of 16, the text. The tag's 16 bytes follow it. */
  seal(slots: MessageSlots, data: number, lengths: MessageLengths): void;
  /** Opens a message in one call: as `seal`, with the tag behind the ciphertext. Returns whether it is authentic; if not, the text
   * is undefined. */
  open(slots: MessageSlots, data: number, lengths: MessageLengths): boolean;
}

/** Where the text begins behind `aad` bytes of additional data at `data`. */
export function textAfter(data: number, aad: number): number {
  return data + ((aad + 15) & ~15);
}
