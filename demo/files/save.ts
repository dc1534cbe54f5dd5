interface SavePicker {
  showSaveFilePicker?(options: { readonly suggestedName: string }): Promise<FileSystemFileHandle>;
}
interface FolderPicker {
  showDirectoryPicker?(options: { readonly mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
}

const browser = globalThis as typeof globalThis & SavePicker & FolderPicker;

/** A file handle to write to; `"download"` where the browser has no picker; `undefined` if the visitor changed their mind. */
export async function pickFile(suggestedName: string): Promise<FileSystemFileHandle | "download" | undefined> {
  if (browser.showSaveFilePicker === undefined) return "download";
  return unlessDismissed(browser.showSaveFilePicker({ suggestedName }));
}

export const canPickFolder = (): boolean => browser.showDirectoryPicker !== undefined;

export async function pickFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  return browser.showDirectoryPicker && unlessDismissed(browser.showDirectoryPicker({ mode: "readwrite" }));
}

async function unlessDismissed<T>(picking: Promise<T>): Promise<T | undefined> {
  try {
    return await picking;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return undefined;
    throw error;
  }
}

/** Long enough for a browser to begin to read it. */
const KEPT_MILLISECONDS = 60_000;

/** Hands a file to the browser's downloads, which read it from where it is. */
export function download(file: File): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MILLISECONDS);
}
