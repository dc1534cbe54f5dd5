import type { Texts } from "../view.ts";
import type { Browser, Cipher, Effort, RecordsContender } from "./results.ts";
import type { Fact } from "./verdict.ts";

/** How the numbers and names in a fact are written. */
export interface Writing {
  name(contender: RecordsContender): string;
  size(bytes: number): string;
  time(nanoseconds: number): string;
  times(ratio: number): string;
}

export interface RaceTexts {
  readonly cipher: string;
  readonly ciphers: Readonly<Record<Cipher, string>>;
  readonly effort: string;
  readonly efforts: Readonly<Record<Effort, string>>;
  readonly upTo: string;
  readonly start: string;
  readonly again: string;
  readonly cancel: string;
  readonly cancelled: string;
  readonly finished: string;
  readonly racing: (size: string | undefined) => string;
  readonly failed: (message: string) => string;
  readonly notLoaded: string;
  readonly contenders: Readonly<Record<RecordsContender, string>>;
  readonly browsers: Readonly<Record<Browser, string>>;
  readonly thisMachine: string;
  readonly otherMachine: string;
  readonly damaged: string;
  readonly newer: string;
  readonly machine: (parts: { browser: string; processors: number; day: string; effort: string }) => string;
  readonly curvesTitle: string;
  readonly curvesAxis: string;
  readonly speed: string;
  readonly messageSize: string;
  readonly recordsTitle: string;
  readonly recordsLead: string;
  readonly replay: string;
  readonly slowed: (times: string) => string;
  readonly table: string;
  readonly tableCaption: string;
  readonly size: string;
  readonly records: string;
  readonly verdict: string;
  readonly fact: (fact: Fact, writing: Writing) => string;
  /** Stands between two sentences. */
  readonly between: string;
  readonly copyMarkdown: string;
  readonly copyLink: string;
  readonly copied: string;
  readonly copyFailed: string;
  readonly methodTitle: string;
  readonly method: readonly string[];
}

const en: RaceTexts = {
  cipher: "Cipher",
  ciphers: { aes: "AES-256-GCM", sm4: "SM4-GCM" },
  effort: "Rounds",
  efforts: { quick: "Quick", thorough: "Thorough" },
  upTo: "Messages up to",
  start: "Start the race",
  again: "Race again",
  cancel: "Cancel",
  cancelled: "The race was cancelled.",
  finished: "The race is over. The results are below.",
  racing: (size) => (size === undefined ? "Racing: 1,000 small records" : `Racing: messages of ${size}`),
  failed: (message) => `The race stopped: ${message}`,
  notLoaded: "its script could not be loaded. Check the network, then race again.",
  contenders: {
    lanelock: "lanelock",
    "lanelock-many": "lanelock (sealMany)",
    webcrypto: "WebCrypto",
    "webcrypto-all": "WebCrypto (all at once)",
    noble: "@noble/ciphers",
    "sm-crypto": "sm-crypto-v2",
  },
  browsers: { chromium: "Chromium", edge: "Edge", firefox: "Firefox", safari: "Safari", other: "Another browser" },
  thisMachine: "Measured on this machine",
  otherMachine: "From a link: measured on another machine, not checked by this page",
  damaged:
    "The results in this link are damaged or incomplete, so none are shown. Ask for the link again, or race here.",
  newer: "The results in this link come from a newer version of this page. Reload the page, or race here.",
  machine: ({ browser, processors, day, effort }) =>
    [browser, processors > 0 ? `${processors} ${processors === 1 ? "processor" : "processors"}` : "", day, effort]
      .filter(Boolean)
      .join(" · "),
  curvesTitle: "Speed by message size",
  curvesAxis: "Both axes are logarithmic. Higher is faster.",
  speed: "MB/s",
  messageSize: "Message size",
  recordsTitle: "1,000 records of 64 bytes",
  recordsLead: "Each record is sealed under its own nonce. Shorter is faster.",
  replay: "Replay",
  slowed: (times) => `slowed down ${times} times`,
  table: "Show the figures as a table",
  tableCaption: "Time for one message: the best sample (and the median)",
  size: "Size",
  records: "1,000 records",
  verdict: "What this says",
  fact: (fact, { name, size, time, times }) => {
    const rival = name(fact.rival);
    if (fact.kind === "mixed") return `lanelock and ${rival} are each faster at some sizes.`;
    if (fact.kind === "crossing") {
      return `lanelock is faster than ${rival} up to ${size(fact.until)}; from ${size(fact.from)} up, ${rival} is faster.`;
    }
    if (fact.kind === "records") {
      return `${name(fact.own)} seals the 1,000 records in ${time(fact.ownTime)}. The fastest of the others, ${rival}, takes ${time(fact.rivalTime)}.`;
    }
    const [first, second] = fact.faster ? ["lanelock", rival] : [rival, "lanelock"];
    if (fact.kind === "everywhere") return `${first} is faster than ${second} at every size measured.`;
    return `At ${size(fact.bytes)}, ${first} is ${times(fact.times)} times as fast as ${second}.`;
  },
  between: " ",
  copyMarkdown: "Copy as Markdown",
  copyLink: "Copy as link",
  copied: "Copied.",
  copyFailed: "The browser did not allow copying. Select the text below and copy it.",
  methodTitle: "How it is measured",
  method: [
    "Everything runs in a worker, so that the page stays responsive. Contenders take turns, round by round; every other round runs backwards.",
    "A sample lasts at least 6 ms, or 25 steps of the browser's clock where that is more. Charts and sentences use each contender’s best sample, the one that other programs disturbed least; the table adds the median.",
    "WebCrypto answers with a promise, and each call is awaited before the next. “All at once” starts all 1,000 calls before it awaits the first.",
    "Each contender returns a new array. lanelock and WebCrypto expand the key once; @noble/ciphers and sm-crypto-v2 take it with each message, which is how their APIs work.",
    "AES in WebCrypto uses the processor's AES instructions where there are any. WebAssembly cannot reach them, so for long messages WebCrypto is the better choice for AES.",
  ],
};

const zh: RaceTexts = {
  cipher: "算法",
  ciphers: { aes: "AES-256-GCM", sm4: "SM4-GCM" },
  effort: "轮次",
  efforts: { quick: "快速", thorough: "细致" },
  upTo: "消息最长",
  start: "开始竞速",
  again: "再来一次",
  cancel: "取消",
  cancelled: "竞速已取消。",
  finished: "竞速结束，结果见下方。",
  racing: (size) => (size === undefined ? "正在测：1,000 条小记录" : `正在测：${size} 的消息`),
  failed: (message) => `竞速中断：${message}`,
  notLoaded: "脚本无法加载。请检查网络，然后重试。",
  contenders: {
    lanelock: "lanelock",
    "lanelock-many": "lanelock（sealMany）",
    webcrypto: "WebCrypto",
    "webcrypto-all": "WebCrypto（同时发出）",
    noble: "@noble/ciphers",
    "sm-crypto": "sm-crypto-v2",
  },
  browsers: { chromium: "Chromium", edge: "Edge", firefox: "Firefox", safari: "Safari", other: "其他浏览器" },
  thisMachine: "在本机测得",
  otherMachine: "来自链接：在另一台机器上测得，本页未作核实",
  damaged: "这个链接中的结果已损坏或不完整，因此不予显示。请重新索取链接，或在本机竞速。",
  newer: "这个链接中的结果来自本页的较新版本。请重新加载页面，或在本机竞速。",
  machine: ({ browser, processors, day, effort }) =>
    [browser, processors > 0 ? `${processors} 个处理器` : "", day, effort].filter(Boolean).join(" · "),
  curvesTitle: "不同消息长度下的速度",
  curvesAxis: "两轴均为对数刻度，越高越快。",
  speed: "MB/s",
  messageSize: "消息长度",
  recordsTitle: "1,000 条 64 字节的记录",
  recordsLead: "每条记录都用各自的 nonce 加密。条形越短越快。",
  replay: "重播",
  slowed: (times) => `放慢 ${times} 倍`,
  table: "以表格显示数据",
  tableCaption: "每条消息的用时：最佳值（中位数）",
  size: "长度",
  records: "1,000 条记录",
  verdict: "结论",
  fact: (fact, { name, size, time, times }) => {
    const rival = name(fact.rival);
    if (fact.kind === "mixed") return `lanelock 与 ${rival} 在不同长度上互有快慢。`;
    if (fact.kind === "crossing") {
      return `${size(fact.until)} 及以下，lanelock 快于 ${rival}；${size(fact.from)} 及以上，${rival} 更快。`;
    }
    if (fact.kind === "records") {
      return `加密 1,000 条记录，${name(fact.own)} 用时 ${time(fact.ownTime)}；其余各方中最快的 ${rival} 用时 ${time(fact.rivalTime)}。`;
    }
    const [first, second] = fact.faster ? ["lanelock", rival] : [rival, "lanelock"];
    if (fact.kind === "everywhere") return `在所测的各个长度上，${first} 都快于 ${second}。`;
    return `${size(fact.bytes)} 时，${first} 的速度是 ${second} 的 ${times(fact.times)} 倍。`;
  },
  between: "",
  copyMarkdown: "复制为 Markdown",
  copyLink: "复制为链接",
  copied: "已复制。",
  copyFailed: "浏览器不允许复制。请选中下面的文字自行复制。",
  methodTitle: "测量方法",
  method: [
    "全部计算都在 worker 中进行，页面始终保持响应。各方逐轮轮流计时，每隔一轮倒序。",
    "一次采样至少 6 毫秒；若浏览器时钟的精度较低，则至少为其最小步长的 25 倍。图与结论取各方的最佳采样，它受其他程序的干扰最少；表中另列中位数。",
    "WebCrypto 返回 Promise，每次调用都等上一次完成后才发出。“同时发出”则先发出全部 1,000 次调用，再逐一等待。",
    "各方都返回新数组。lanelock 与 WebCrypto 只扩展一次密钥；@noble/ciphers 与 sm-crypto-v2 的接口决定了每条消息都要传入密钥。",
    "处理器若有 AES 指令，WebCrypto 的 AES 会用到它们，而 WebAssembly 无法使用。因此加密长消息时，AES 宜选 WebCrypto。",
  ],
};

export const texts: Texts<RaceTexts> = { en, zh };
