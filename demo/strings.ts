import type { Texts } from "./language.ts";

/** The texts of the page around the views. `index.html` has the English ones, under the same names. */
export const shellTexts = {
  en: {
    title: "lanelock: AES and SM4 in your browser",
    skip: "Skip to content",
    sections: "Sections",
    language: "Language",
    headline: "Seal files where they are.",
    lead: "AES-256 and SM4 in constant time, in WebAssembly. Your files and keys never leave this page.",
    firstSeal: "First seal",
    firstSealValue: (milliseconds: string) => `${milliseconds} ms after the script started`,
    firstSealFailed: "The engine does not run here.",
    threads: "Processors",
    threadsValue: (count: number) => `${count} to share the work`,
    offline: "Offline",
    offlineReady: "ready: opens without a network",
    offlinePreparing: "not yet: the page is being cached",
    offlineUnavailable: "not in this browser",
    files: "Files",
    filesTitle: "Seal files of any size",
    filesLead:
      "Each file gets a data key of its own, wrapped by a key management service in this page. It is sealed segment by segment, opened again and compared.",
    race: "Race",
    raceTitle: "Race the ciphers on your machine",
    raceLead: "lanelock, WebCrypto and two JavaScript libraries seal the same bytes, one after another, here and now.",
    traces: "Constant time",
    tracesTitle: "See what constant time means",
    tracesLead:
      "Two keys, the same program. A cipher with tables reads different addresses under each key; the engine reads the same ones.",
    loading: "Loading…",
    failed: "This section could not be loaded. Check the network, then reload the page.",
    update: "A new version of this page is ready.",
    reload: "Reload",
    foot: "Static files; nothing is sent anywhere. Apache-2.0.",
    source: "Source and documentation",
  },
  zh: {
    title: "lanelock：浏览器里的 AES 与 SM4",
    skip: "跳到正文",
    sections: "栏目",
    language: "语言",
    headline: "文件就在本机加密。",
    lead: "用 WebAssembly 实现的恒定时间 AES-256 与 SM4。文件和密钥都不会离开本页面。",
    firstSeal: "首次加密",
    firstSealValue: (milliseconds: string) => `脚本启动后 ${milliseconds} 毫秒完成`,
    firstSealFailed: "加密引擎无法在此运行。",
    threads: "处理器",
    threadsValue: (count: number) => `${count} 个，可并行加密`,
    offline: "离线",
    offlineReady: "已就绪：断网也能打开本页",
    offlinePreparing: "尚未就绪：正在缓存页面",
    offlineUnavailable: "不可用：浏览器无法缓存本页",
    files: "文件",
    filesTitle: "加密任意大小的文件",
    filesLead: "每个文件都有自己的数据密钥，由本页面内的密钥管理服务封装。文件逐段加密，随后解密并与原文件比对。",
    race: "竞速",
    raceTitle: "在您的电脑上比一比速度",
    raceLead: "lanelock、WebCrypto 和两个 JavaScript 库当场轮流加密同一份数据。",
    traces: "恒定时间",
    tracesTitle: "恒定时间看得见",
    tracesLead: "两把密钥，同一个程序。查表实现换一把密钥就会读取不同的地址；本引擎读取的地址始终相同。",
    loading: "正在加载…",
    failed: "无法加载此栏目。请检查网络，然后重新加载页面。",
    update: "本页面有新版本。",
    reload: "重新加载",
    foot: "全部为静态文件，不向任何地方发送数据。许可证：Apache-2.0。",
    source: "源代码与文档",
  },
} satisfies Texts<unknown>;

type English = typeof shellTexts.en;

/** Names of the texts that are no functions: those that `index.html` may ask for. */
export type ShellText = { [K in keyof English]: English[K] extends string ? K : never }[keyof English];

export const texts: Texts<English> = shellTexts;
