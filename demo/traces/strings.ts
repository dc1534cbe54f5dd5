import type { Texts } from "../view.ts";
import type { BandName } from "./bands.ts";
import type { ProgramName } from "./work.ts";

export interface TracesTexts {
  readonly keyOne: string;
  readonly keyTwo: string;
  readonly keyHint: string;
  readonly keyWrong: string;
  readonly text: string;
  readonly textHint: string;
  readonly firstText: string;
  readonly random: string;
  readonly oneBit: string;
  readonly trace: string;
  readonly tracing: string;
  readonly traced: (engine: string, table: string) => string;
  readonly failed: (message: string) => string;
  readonly notLoaded: string;
  readonly sameKeys: string;
  readonly programs: Readonly<Record<ProgramName, string>>;
  readonly about: Readonly<Record<ProgramName, string>>;
  /** Follows the number of those that differ. */
  readonly ofAddresses: (total: string) => string;
  readonly ofDecisions: (different: string, total: string) => string;
  readonly phases: readonly [expansion: string, encryption: string];
  readonly time: string;
  readonly legend: { readonly both: string; readonly first: string; readonly second: string };
  readonly bands: Readonly<Record<BandName, string>>;
  readonly tableBand: string;
  readonly keyRead: string;
  readonly keyReadHow: string;
  readonly nothingRead: string;
  readonly table: string;
  readonly tableCaption: (shown: string) => string;
  readonly byBand: string;
  readonly memory: string;
  readonly accesses: string;
  readonly different: string;
  readonly access: string;
  readonly noDifference: string;
  readonly sameBytes: (ciphertext: string) => string;
  readonly file: string;
  readonly methodTitle: string;
  readonly method: readonly string[];
}

const en: TracesTexts = {
  keyOne: "Key A",
  keyTwo: "Key B",
  keyHint: "16 bytes, as 32 hexadecimal digits",
  keyWrong: "Enter exactly 32 hexadecimal digits: 0 to 9 and a to f.",
  text: "Text",
  textHint: "The same text under both keys, up to 128 bytes",
  firstText: "The same text, under two keys.",
  random: "Random keys",
  oneBit: "Differ in one bit",
  trace: "Trace both keys",
  tracing: "Tracing …",
  traced: (engine, table) => `Traced. Addresses that differ: ${engine} in the engine, ${table} with the table.`,
  failed: (message) => `No traces could be made: ${message}`,
  notLoaded: "their script could not be loaded. Check the network, then trace again.",
  sameKeys: "Both keys are the same, so the traces are equal even with the table. Change a digit.",
  programs: { engine: "lanelock’s engine", table: "AES with a table" },
  about: {
    engine: "The module that the package ships. It computes with bits instead of a table.",
    table: "The S-box is an array, as in most AES software. Which entry is read depends on the key.",
  },
  ofAddresses: (total) => `of ${total} addresses differ`,
  ofDecisions: (different, total) => `${different} of ${total} branches and selections differ`,
  phases: ["Key expansion", "Encryption"],
  time: "Memory accesses in order, from left to right",
  legend: { both: "Same under both keys", first: "Only under key A", second: "Only under key B" },
  bands: { constants: "Constants", scratch: "Scratch", text: "Text", roundKeys: "Round keys" },
  tableBand: "S-box",
  keyRead: "Key A, read from these addresses alone:",
  keyReadHow:
    "In its first round the program reads the S-box at each byte of text ⊕ key. Real attacks see cache lines rather than single bytes, and so need more runs.",
  nothingRead: "The addresses are the same under both keys. They say nothing about either.",
  table: "Show the figures as tables",
  tableCaption: (shown) => `The first ${shown} accesses that differ`,
  byBand: "Accesses by stretch of memory",
  memory: "Memory",
  accesses: "Accesses",
  different: "Differ",
  access: "Access",
  noDifference: "No access differs.",
  sameBytes: (ciphertext) => `Both programs and WebCrypto give the same ciphertexts. Key A: ${ciphertext}`,
  file: "Module",
  methodTitle: "How the traces are made",
  method: [
    "Each program runs twice in this page, once with each key: it expands the key and encrypts the text with AES-128, block by block. An interpreter of WebAssembly notes every address that is read or written, and every branch and selection.",
    "It is the interpreter of the project’s proof, which shows for all keys what this page shows for two.",
    "A difference is an access at another address, or by another instruction, than the access of the same number under the other key.",
  ],
};

const zh: TracesTexts = {
  keyOne: "密钥 A",
  keyTwo: "密钥 B",
  keyHint: "16 字节，写作 32 位十六进制数",
  keyWrong: "请输入恰好 32 位十六进制数字：0 到 9、a 到 f。",
  text: "明文",
  textHint: "两把密钥加密同一段明文，不超过 128 字节",
  firstText: "同一段明文，两把密钥。",
  random: "随机密钥",
  oneBit: "只差一位",
  trace: "记录轨迹",
  tracing: "正在记录……",
  traced: (engine, table) => `记录完成。不同的地址：引擎 ${engine} 个，查表实现 ${table} 个。`,
  failed: (message) => `无法记录轨迹：${message}`,
  notLoaded: "脚本无法加载。请检查网络，然后重试。",
  sameKeys: "两把密钥相同，查表实现也就看不出区别。请改动一位数字。",
  programs: { engine: "lanelock 引擎", table: "查表的 AES" },
  about: {
    engine: "软件包所带的模块本身。以位逻辑运算代替查表。",
    table: "S 盒是一个数组，多数软件实现都是如此。读取哪一项取决于密钥。",
  },
  ofAddresses: (total) => `/ ${total} 个地址不同`,
  ofDecisions: (different, total) => `${total} 个分支与选择中有 ${different} 个不同`,
  phases: ["密钥扩展", "加密"],
  time: "内存访问按先后顺序从左到右",
  legend: { both: "两把密钥都相同", first: "仅密钥 A", second: "仅密钥 B" },
  bands: { constants: "常量", scratch: "暂存区", text: "明文", roundKeys: "轮密钥" },
  tableBand: "S 盒",
  keyRead: "仅凭这些地址读出的密钥 A：",
  keyReadHow:
    "第一轮中，程序按“明文 ⊕ 密钥”的每个字节读取 S 盒。真实的攻击看到的是缓存行而非单个字节，因此需要更多次运行。",
  nothingRead: "两把密钥下的地址完全相同，从中读不出任何信息。",
  table: "以表格显示数据",
  tableCaption: (shown) => `最先出现差异的 ${shown} 次访问`,
  byBand: "各段内存的访问次数",
  memory: "内存",
  accesses: "访问次数",
  different: "不同",
  access: "访问",
  noDifference: "没有任何访问不同。",
  sameBytes: (ciphertext) => `两个程序与 WebCrypto 得到的密文相同。密钥 A：${ciphertext}`,
  file: "模块",
  methodTitle: "轨迹如何得来",
  method: [
    "两个程序在本页中各运行两次，每把密钥一次：先做密钥扩展，再用 AES-128 逐分组加密明文。WebAssembly 解释器记下读写的每个地址，以及每次分支与选择。",
    "这个解释器就是本项目证明所用的那一个：本页展示两把密钥，证明则覆盖所有密钥。",
    "所谓差异，是指与另一把密钥下同一序号的访问相比，地址不同，或由另一条指令发出。",
  ],
};

export const texts: Texts<TracesTexts> = { en, zh };
