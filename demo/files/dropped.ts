/** The files that were dropped, and those in folders that were dropped, however deep. Call it in the event: later the list is empty. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const found = [...transfer.items]
    .filter(({ kind }) => kind === "file")
    .map((item) => {
      const entry = item.webkitGetAsEntry();
      const file = item.getAsFile();
      return entry?.isDirectory || file === null ? filesUnder(entry) : [file];
    });
  return (await Promise.all(found)).flat();
}

async function filesUnder(entry: FileSystemEntry | null): Promise<File[]> {
  if (entry === null) return [];
  if (isFile(entry)) return [await new Promise<File>((resolve, reject) => entry.file(resolve, reject))];
  if (!isFolder(entry)) return [];
  const files = (await entriesOf(entry.createReader())).map(filesUnder);
  return (await Promise.all(files)).flat();
}

/** A browser gives at most a hundred at a time. */
async function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
