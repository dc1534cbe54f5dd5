import type { Texts } from "../view.ts";

export interface FilesTexts {
  readonly drop: string;
  readonly dropHint: string;
  readonly choose: string;
  readonly sample: string;
  readonly cipher: string;
  readonly aes: string;
  readonly sm4: string;
  readonly aesHint: string;
  readonly sm4Hint: string;
  readonly folder: string;
  readonly folderHint: string;
  readonly folderChosen: (name: string) => string;
  readonly folderForget: string;
  readonly keyWarning: string;
  readonly list: string;
  readonly waiting: string;
  readonly sealing: string;
  readonly comparing: string;
  readonly saving: string;
  readonly left: (time: string) => string;
  readonly cancel: string;
  /** The name of a button of one file: its label first, then which file. */
  readonly named: (label: string, name: string) => string;
  readonly remove: string;
  readonly progressOf: (name: string) => string;
  readonly cancelled: string;
  readonly compareCancelled: string;
  readonly saveCancelled: string;
  /** `speed` is empty for a file too short to measure it. */
  readonly sealed: (facts: { readonly time: string; readonly speed: string; readonly more: string }) => string;
  readonly same: (facts: { readonly time: string; readonly speed: string }) => string;
  readonly different: (offset: string) => string;
  readonly begunAnnounced: (name: string) => string;
  readonly doneAnnounced: (name: string) => string;
  readonly save: string;
  readonly saved: string;
  readonly savedInFolder: (name: string) => string;
  readonly tamper: string;
  readonly tamperLead: string;
  readonly byte: string;
  readonly flip: string;
  readonly inHeader: (length: string) => string;
  readonly inSegment: (facts: { readonly segment: string; readonly segments: string }) => string;
  readonly opening: string;
  readonly openingShare: (share: string) => string;
  readonly refusedHeader: string;
  readonly refusedSegment: (segment: string) => string;
  readonly released: (size: string) => string;
  readonly releasedNothing: string;
  readonly notRefused: string;
  readonly advice: Readonly<Record<string, string>>;
  readonly workerFailed: string;
}

const en: FilesTexts = {
  drop: "Drop files here",
  dropHint: "Any size, any number. Nothing is uploaded.",
  choose: "Choose files",
  sample: "Try a 64 MiB sample",
  cipher: "Key",
  aes: "AES-256",
  sm4: "SM4",
  aesHint: "AES-256-GCM, by WebCrypto or the engine, whichever is faster here",
  sm4Hint: "SM4-GCM, by the engine, on as many threads as there are processors",
  folder: "Save into a folder…",
  folderHint: "Sealed files go straight there.",
  folderChosen: (name) => `Sealed files go into ${name}.`,
  folderForget: "Keep them here instead",
  keyWarning:
    "The keys live in this page and end with it: what you seal here cannot be opened after you close it. Keep your originals.",
  list: "Files",
  waiting: "Waiting",
  sealing: "Sealing",
  comparing: "Opening and comparing",
  saving: "Saving",
  left: (time) => `${time} left`,
  cancel: "Cancel",
  named: (label, name) => `${label}: ${name}`,
  remove: "Remove",
  progressOf: (name) => `Progress of ${name}`,
  cancelled: "Cancelled. Nothing was kept.",
  compareCancelled: "Not compared: cancelled.",
  saveCancelled: "Not saved: cancelled. What was there before is unchanged.",
  sealed: ({ time, speed, more }) => `Sealed in ${time}${speed && ` at ${speed}`}, ${more} longer`,
  same: ({ time, speed }) => `Opened again in ${time}${speed && ` at ${speed}`}: every byte is the same`,
  different: (offset) => `Opened again, but byte ${offset} differs. Was the original changed meanwhile?`,
  begunAnnounced: (name) => `${name} is being sealed.`,
  doneAnnounced: (name) => `${name}: sealed, opened again, every byte the same.`,
  save: "Save sealed file",
  saved: "Saved.",
  savedInFolder: (name) => `Saved as ${name}.`,
  tamper: "Tamper with it",
  tamperLead: "Choose a byte of the sealed file. One of its bits is flipped, and the file is opened.",
  byte: "Byte",
  flip: "Flip a bit and open",
  inHeader: (length) => `in the header of ${length} bytes`,
  inSegment: ({ segment, segments }) => `in segment ${segment} of ${segments}`,
  opening: "Opening…",
  openingShare: (share) => `Opening… ${share}`,
  refusedHeader: "Refused at the header.",
  refusedSegment: (segment) => `Refused at segment ${segment}.`,
  released: (size) => `${size} before it were verified and released; nothing of this segment or after it was.`,
  releasedNothing: "Nothing was released.",
  notRefused: "It opened. That should never happen: please report it.",
  advice: {
    QuotaExceededError: "The browser has no more space for this page. Free some space, or save into a folder.",
    NotReadableError: "The browser cannot read the file: it was changed, moved or locked. Choose it again.",
    NotFoundError: "The file is no longer there. Choose it again.",
    NotAllowedError: "The browser was not allowed to write there. Choose another place.",
    NoModificationAllowedError: "Another program is writing that file. Choose another name.",
  },
  workerFailed: "The worker of this section could not start. Reload the page.",
};

const zh: FilesTexts = {
  drop: "将文件拖到此处",
  dropHint: "大小和数量不限，不会上传任何内容。",
  choose: "选择文件",
  sample: "用 64 MiB 示例文件试试",
  cipher: "密钥",
  aes: "AES-256",
  sm4: "SM4",
  aesHint: "AES-256-GCM，由 WebCrypto 或本引擎执行，取较快者",
  sm4Hint: "SM4-GCM，由本引擎执行，线程数与处理器数相同",
  folder: "直接存入文件夹…",
  folderHint: "加密后的文件会直接写入该文件夹。",
  folderChosen: (name) => `加密后的文件将写入“${name}”。`,
  folderForget: "改为保存在本页面",
  keyWarning: "密钥只存在于本页面，关闭页面即销毁：之后将无法解密在此加密的文件。请保留原文件。",
  list: "文件",
  waiting: "等待中",
  sealing: "正在加密",
  comparing: "正在解密并比对",
  saving: "正在保存",
  left: (time) => `剩余 ${time}`,
  cancel: "取消",
  named: (label, name) => `${label}：${name}`,
  remove: "移除",
  progressOf: (name) => `${name} 的进度`,
  cancelled: "已取消，未保留任何内容。",
  compareCancelled: "已取消，未比对。",
  saveCancelled: "已取消，未保存，原有内容不变。",
  sealed: ({ time, speed, more }) => `加密用时 ${time}${speed && `（${speed}）`}，文件增大 ${more}`,
  same: ({ time, speed }) => `解密用时 ${time}${speed && `（${speed}）`}，逐字节比对一致`,
  different: (offset) => `解密后第 ${offset} 字节与原文件不同。原文件是否在此期间被修改？`,
  begunAnnounced: (name) => `正在加密 ${name}。`,
  doneAnnounced: (name) => `${name}：已加密并解密，逐字节比对一致。`,
  save: "保存加密文件",
  saved: "已保存。",
  savedInFolder: (name) => `已保存为 ${name}。`,
  tamper: "篡改试试",
  tamperLead: "选择加密文件中的一个字节，翻转其中一位，然后解密。",
  byte: "字节",
  flip: "翻转一位并解密",
  inHeader: (length) => `位于 ${length} 字节的文件头中`,
  inSegment: ({ segment, segments }) => `位于第 ${segment} 段，共 ${segments} 段`,
  opening: "正在解密…",
  openingShare: (share) => `正在解密…${share}`,
  refusedHeader: "在文件头处被拒绝。",
  refusedSegment: (segment) => `在第 ${segment} 段被拒绝。`,
  released: (size) => `此前的 ${size} 已通过验证并输出；本段及其后没有输出任何内容。`,
  releasedNothing: "没有输出任何内容。",
  notRefused: "竟然解密成功了。这不应发生，请报告此问题。",
  advice: {
    QuotaExceededError: "浏览器分配给本页面的空间不足。请释放空间，或直接存入文件夹。",
    NotReadableError: "浏览器无法读取该文件：文件可能被修改、移动或锁定。请重新选择。",
    NotFoundError: "文件已不存在。请重新选择。",
    NotAllowedError: "浏览器未获准写入该位置。请另选位置。",
    NoModificationAllowedError: "另一个程序正在写入该文件。请换一个名称。",
  },
  workerFailed: "此栏目的后台线程无法启动。请重新加载页面。",
};

export const texts: Texts<FilesTexts> = { en, zh };
